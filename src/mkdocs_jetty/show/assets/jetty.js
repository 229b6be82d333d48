/* Hides, orders and opens what is on the page already; without it everything is there. */
(function () {
  "use strict";

  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));

  // A tag expression with texts in it: `@a and not (@b or receipt)`. Words beside each other must all occur.
  function compile(text) {
    const tokens = text.toLowerCase().match(/[()]|"[^"]*"|[^\s()]+/g) || [];
    let at = 0;
    function either() {
      let left = both();
      while (tokens[at] === "or") {
        at += 1;
        const before = left, after = both();
        left = (row) => before(row) || after(row);
      }
      return left;
    }
    function both() {
      let left = single();
      while (at < tokens.length && tokens[at] !== "or" && tokens[at] !== ")") {
        if (tokens[at] === "and") at += 1;
        const before = left, after = single();
        left = (row) => before(row) && after(row);
      }
      return left;
    }
    function single() {
      const token = tokens[at];
      at += 1;
      if (!token) return () => true;
      if (token === "not") {
        const inner = single();
        return (row) => !inner(row);
      }
      if (token === "(") {
        const inner = either();
        at += 1;
        return inner;
      }
      if (token[0] === "@") return (row) => row.tags.includes(token);
      const word = token.replace(/"/g, "");
      return (row) => row.text.includes(word);
    }
    return either();
  }

  function rowOf(element, section) {
    const data = element.dataset;
    return {
      element, section, text: element.textContent.toLowerCase(), tags: data.tags.toLowerCase().split(" "),
      states: data.states.split(" "), owner: data.owner, traits: data.traits.split(" "), level: data.level,
      name: element.cells[0].textContent, weight: Number(data.weight), scenarios: Number(data.scenarios),
    };
  }

  const LEVELS = ["none", "speed", "stable", "production"];
  const ORDERS = {
    weight: (a, b) => b.weight - a.weight,
    level: (a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level),
    name: (a, b) => a.name.localeCompare(b.name),
    scenarios: (a, b) => b.scenarios - a.scenarios,
  };
  const FIELDS = ["find", "owner", "trait", "level", "sort"];

  function filters() {
    const form = document.querySelector(".jetty-filters");
    if (!form || !form.hidden) return;
    const sections = all(".jetty-section").map((element) => ({ element, open: element.open }));
    const rows = sections.flatMap((section) => all("tbody tr", section.element).map((each) => rowOf(each, section)));
    const chips = all(".jetty-chip", form), output = form.querySelector("output");
    const clear = form.querySelector(".jetty-clear"), nothing = document.querySelector(".jetty-nothing");
    const value = (name) => (form.elements[name] ? form.elements[name].value : "");
    const asked = new URLSearchParams(location.search);
    for (const name of FIELDS) if (asked.get(name) && form.elements[name]) form.elements[name].value = asked.get(name);
    for (const word of (asked.get("show") || "").split(" ")) {
      for (const chip of chips) if (chip.dataset.filter === word) chip.setAttribute("aria-pressed", "true");
    }
    form.hidden = false;

    function apply(remember) {
      const matches = compile(value("find"));
      const on = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.filter);
      let count = 0;
      for (const row of rows) {
        const shown = matches(row) && (!value("owner") || row.owner === value("owner")) &&
          (!value("trait") || row.traits.includes(value("trait"))) && (!value("level") || row.level === value("level")) &&
          (!on.length || on.some((word) => row.states.includes(word)));
        row.element.hidden = !shown;
        count += shown;
      }
      const filtered = count < rows.length, order = ORDERS[value("sort")];
      for (const section of sections) {
        const own = rows.filter((row) => row.section === section);
        for (const row of order ? own.slice().sort(order) : own) row.element.parentNode.appendChild(row.element);
        const some = own.some((row) => !row.element.hidden);
        section.element.hidden = !some;
        section.element.open = filtered ? some : section.open;
      }
      output.textContent = (filtered ? count + " of " : "") + rows.length + (rows.length === 1 ? " feature" : " features");
      clear.hidden = !filtered && !order;
      nothing.hidden = count > 0;
      if (!remember) return;
      const state = new URLSearchParams();
      for (const name of FIELDS) if (value(name)) state.set(name, value(name));
      if (on.length) state.set("show", on.join(" "));
      history.replaceState(null, "", location.pathname + (String(state) ? "?" + state : "") + location.hash);
    }

    form.addEventListener("input", () => apply(true));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => {
      for (const chip of chips) chip.setAttribute("aria-pressed", "false");
      setTimeout(() => apply(true));
    });
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        apply(true);
      });
    }
    apply(false);
  }

  function copying() {
    if (!navigator.clipboard) return;
    for (const card of all(".jetty-failure, .jetty-copied")) {
      if (card.dataset.jettyCopy) continue;
      card.dataset.jettyCopy = "yes";
      const button = document.createElement("button");
      button.type = "button";
      button.className = "jetty-copy";
      button.textContent = "Copy";
      button.addEventListener("click", () => {
        navigator.clipboard.writeText(card.innerText.replace(/\s*Copy\s*$/, "")).then(() => { button.textContent = "Copied"; });
      });
      (card.querySelector(".jetty-where") || card).appendChild(button);
    }
  }

  function folding() {
    for (const link of all(".jetty-link")) link.addEventListener("click", (event) => event.stopPropagation());
    const folds = all("details.jetty-fold"), place = document.querySelector(".jetty-status > .jetty-meta:last-of-type");
    if (folds.length < 2 || !place || place.querySelector(".jetty-expand")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jetty-copy jetty-expand";
    const name = () => { button.textContent = folds.some((each) => !each.open) ? "Expand all" : "Collapse all"; };
    button.addEventListener("click", () => {
      const open = folds.some((each) => !each.open);
      for (const each of folds) each.open = open;
    });
    for (const each of folds) each.addEventListener("toggle", name);
    name();
    place.appendChild(button);
  }

  function reveal() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const own = target.querySelector(":scope > details.jetty-fold");
    for (let each = own || target.closest("details"); each; each = each.parentElement && each.parentElement.closest("details")) {
      each.open = true;
    }
    target.scrollIntoView();
  }

  document.addEventListener("keydown", (event) => {
    if ((event.key !== "j" && event.key !== "k") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/INPUT|SELECT|TEXTAREA/.test(event.target.tagName) || event.target.isContentEditable) return;
    const top = 80, reds = all(".jetty-scenario.jetty-red");
    const place = (each) => each.getBoundingClientRect().top;
    const next = event.key === "j" ? reds.find((each) => place(each) > top + 5) : reds.filter((each) => place(each) < top - 5).pop();
    if (!next) return;
    window.scrollBy(0, place(next) - top);
    next.setAttribute("tabindex", "-1");
    next.focus({ preventScroll: true });
  });
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => { for (const each of all("details[class^='jetty-']")) each.open = true; });

  function start() { filters(); copying(); folding(); reveal(); }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
  // Material replaces the page without loading it anew.
  if (window.document$) window.document$.subscribe(start);
})();
