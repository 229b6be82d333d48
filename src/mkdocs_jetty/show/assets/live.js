/* While a site is served: says what runs, greys what is being run again, and shows each result as it comes. */
(function () {
  "use strict";
  const stream = new URL("../jetty/live", document.currentScript.src);
  const TONES = ["green", "red", "amber", "grey", "blue"];
  const state = { due: 0, done: 0, total: 0, red: 0 };
  const bar = document.createElement("div");
  bar.className = "jetty-live";
  bar.setAttribute("role", "status");
  bar.hidden = true;
  const title = document.title;

  const at = (moment) => (moment ? new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "");
  const number = (value) => value.toLocaleString("en");

  function say(text, share, tone) {
    if (!bar.isConnected) document.body.append(bar);
    bar.hidden = !text;
    bar.className = `jetty-live jetty-${tone || "grey"}`;
    bar.textContent = text;
    bar.style.setProperty("--jetty-share", `${Math.round(share * 100)}%`);
    document.title = text && share < 1 ? `… ${title}` : title;
  }

  // Where a scenario stands on this page, and the lines that link to it.
  function places(id) {
    const own = document.getElementById(id);
    const lines = document.querySelectorAll(`.jetty-lines a[href$="#${CSS.escape(id)}"], .jetty-failures a[href$="#${CSS.escape(id)}"]`);
    return { own, lines: Array.from(lines, (link) => link.closest("li, .jetty-card, tr") || link) };
  }

  function stale(ids) {
    if (ids.some((id) => document.getElementById(id))) {
      for (const each of document.querySelectorAll(".jetty-layers")) each.classList.add("jetty-stale");
    }
    for (const id of ids) {
      const { own, lines } = places(id);
      for (const each of own ? [own, ...lines] : lines) each.classList.add("jetty-stale");
      const outline = own && own.matches("tr") && own.closest(".jetty-scenario");
      if (outline) outline.classList.add("jetty-stale");
    }
  }

  function mark(element, tone) {
    element.classList.remove("jetty-stale", ...TONES.map((each) => `jetty-${each}`));
    element.classList.add(`jetty-${tone}`);
  }

  function result(message) {
    const { own, lines } = places(message.id);
    for (const each of lines) each.classList.remove("jetty-stale");
    if (!own) return;
    mark(own, message.tone);
    const sign = own.querySelector(".jetty-head > .jetty-mark, .jetty-state > .jetty-mark");
    if (sign) sign.className = `jetty-mark jetty-i-${message.icon}`;
    const spoken = own.querySelector(".jetty-head > .jetty-mark + .jetty-hidden");
    if (spoken) spoken.textContent = `${message.word}: `;
    const word = own.matches("tr") ? own.querySelector(".jetty-state > span:last-child") : own.querySelector(".jetty-time");
    if (word) word.textContent = message.word;
    const outline = own.matches("tr") && own.closest(".jetty-scenario");
    if (outline && !outline.querySelector("tr.jetty-stale")) outline.classList.remove("jetty-stale");
  }

  function take(message) {
    const shown = message.shown ? ` · shown: results of ${at(message.shown)}` : "";
    if (message.event === "reading") {
      Object.assign(state, { due: 0, done: 0, total: 0, red: 0 });
      say(`Something changed: reading the pages${shown}`, 0);
    } else if (message.event === "running") {
      state.due += message.due.length;
      state.total += message.total;
      stale(message.due);
      if (state.due) progress(shown);
    } else if (message.event === "result") {
      state.done += 1;
      state.red += message.tone === "red" ? 1 : 0;
      result(message);
      progress(shown);
    } else if (message.event === "judged") {
      say("Results are in: the page is coming", 1, state.red ? "red" : "green");
    } else if (message.event === "failed") {
      say("The build failed: see the terminal", 1, "red");
    }
  }

  function progress(shown) {
    const red = state.red ? ` · ${number(state.red)} red` : "";
    const kept = state.total > state.due ? ` · ${number(state.total - state.due)} kept` : "";
    say(`Running ${number(state.done)} of ${number(state.due)}${red}${kept}${shown}`, state.done / state.due, state.red ? "red" : "grey");
  }

  // A browser has few connections to one server: a page that nobody sees holds none.
  let events = null;
  function connect() {
    if (document.hidden) {
      if (events) events.close();
      events = null;
    } else if (!events) {
      events = new EventSource(stream);
      events.onmessage = (event) => take(JSON.parse(event.data));
    }
  }

  // The page comes back as it was left: MkDocs reloads it.
  const key = `jetty-live:${location.pathname}`;
  // Each by what it stands in, and its number there: what its summary says may change.
  function details() {
    const counted = {};
    return Array.from(document.querySelectorAll("details"), (each) => {
      const place = (each.closest("[id]") || document.body).id;
      counted[place] = (counted[place] || 0) + 1;
      return { element: each, name: `${place} ${counted[place]}` };
    });
  }
  addEventListener("pagehide", () => {
    const open = details().filter((each) => each.element.open).map((each) => each.name);
    sessionStorage.setItem(key, JSON.stringify({ open, top: scrollY, when: Date.now() }));
  });
  function comeBack() {
    let left = null;
    try {
      left = JSON.parse(sessionStorage.getItem(key));
    } catch (error) { /* nothing was left */ }
    const [entry] = performance.getEntriesByType("navigation");
    if (!left || !entry || entry.type !== "reload" || Date.now() - left.when > 30000) return;
    for (const each of details()) if (left.open.includes(each.name)) each.element.open = true;
    scrollTo({ top: left.top, behavior: "instant" });
  }

  document.addEventListener("visibilitychange", connect);
  addEventListener("pageshow", () => { comeBack(); connect(); });
})();
