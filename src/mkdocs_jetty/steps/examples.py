"""For each port an example of what its fixture returns: what a scenario says that could not run without it."""

from __future__ import annotations

EXAMPLES = {
    "jetty_target": 'Target(base_url="http://127.0.0.1:8000")',
    "jetty_actions": '{"log in": lambda who, valid: Request("POST", "/login", form={"user": who.facts["user"]})}',
    "jetty_audit": 'lambda: [{"user_id": "7", "timestamp": "2026-01-31T12:00:00+00:00", "source_ip": "127.0.0.2"}]',
    "jetty_logs": 'lambda: [json.loads(line) for line in Path("app.log").read_text().splitlines()]',
    "jetty_metrics": 'lambda: httpx.get("http://127.0.0.1:8000/metrics").text',
    "jetty_faults": 'ProxyFaults({"mail server": FaultProxy(("127.0.0.1", 25))}) of mkdocs_jetty.steps.proxy',
    "jetty_deploy": "an object with the methods of mkdocs_jetty.steps.ports.Deploy",
    "jetty_backup": "an object with newest(), restore(backup) and snapshot()",
    "jetty_audit_integrity": "an object with the methods of mkdocs_jetty.steps.ports.AuditIntegrity",
    "jetty_allowed_licences": '{"MIT", "Apache-2.0"}',
    "jetty_private_page": '"/account"',
    "jetty_roles": '("visitor", "user", "admin")',
    "jetty_permissions": '{"delete a user": ("admin",)}',
    "jetty_routes": '("/account", "/orders")',
    "jetty_foreign": '[Request("GET", "/documents/17"), Request("DELETE", "/documents/17")]',
    "jetty_tenants": 'Tenants(user, [Request("GET", "/documents/17")], ["/documents"], "our text", ["their text"])',
    "jetty_record_content": '["the diagnosis of Ada"]',
    "jetty_password_hash": 'lambda who: database.password_hash(who.facts["user"])',
    "jetty_reset_link": 'lambda: "the last link that was sent"',
    "jetty_webhook": 'lambda right, age: Request("POST", "/webhook", content=b"{}", headers={"X-Signature": "…"})',
    "jetty_stores": '{"accounts": lambda who: [database.name_of(who.user_id)]}',
    "jetty_retention": "an object with add(expired), run() and has(record)",
    "jetty_assets": '("/static/app.css", "/static/app.js")',
    "jetty_health": '{"readiness": "/ready", "liveness": "/live"}',
    "jetty_alerts": "lambda: list(alerts)",
    "jetty_jobs": "an object with queue(count), waiting(), oldest() and done()",
    "jetty_queries": 'lambda: [("select 1", 0.002)]',
    "jetty_results": "lambda count: database.fill(count)",
    "jetty_approved_scripts": '{"sha384-…"}',
    "jetty_stored": "lambda: [str(row) for row in database.rows()]",
    "jetty_snapshot": "lambda: database.rows(), or whatever is equal only while nothing was stored",
    "jetty_unexpected": "a function of the action that gives a context manager, in which the action breaks",
}
TAKEN_FROM = {"jetty_snapshot": "jetty_backup"}
"""Ports that do what another one does, where that one is filled."""
