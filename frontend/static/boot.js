// First script of every page: opens the socket early, slims events, keeps links, forms and keys working, mounts the app.
const root = document.documentElement, app = document.getElementById("app"), { component, prefix, login, tag } = app.dataset;

// --- leaving for the sign-in ---
// A page that is already on its way, as after a change of portal, has ended its session itself and is not sent elsewhere.
let leaving = 0; // milliseconds that it gets to arrive
addEventListener("beforeunload", () => { leaving = 5000; setTimeout(() => { leaving = 0; }, leaving); });
globalThis.here = (search = location.search) => location.pathname + (location.pathname.length + search.length > 1500 ? "" : search); // the server comes back to no longer one
globalThis.signIn = (query = "", search = location.search) => setTimeout(() => location.assign(`${login}?${query}next=${encodeURIComponent(globalThis.here(search))}`), leaving);

// --- the socket -------------------------------------------------------------------------------------------------
const Native = window.WebSocket;
let early = null, met = false;
const waiting = [];
const CLOSED = {
  // Another tab may have changed the portal: its answer, with the new session, is let come first.
  4401: () => setTimeout(() => globalThis.signIn(), 500),
  // The server was upgraded: its pages need its own scripts. A page this new waits: half of the servers may still be the old ones.
  4409: () => setTimeout(() => location.reload(), Math.max(0, 3000 - performance.now())),
};
const address = (url) => { // the client remembers the address it was mounted at; a reconnect needs the present one
  const u = new URL(url, location.href.replace(/^http/, "ws"));
  u.searchParams.set("path", location.pathname);
  u.searchParams.delete("qs");
  if (location.search) u.searchParams.set("qs", location.search);
  u.searchParams.set("tag", tag);
  return u;
};
// Our own messages never reach the client: some come before it is there.
const own = [];
let deliver = (m) => own.push(m);
const QUIET = 8; // seconds: the server says something every few
const watch = (s) => {
  let anew = met; // after a lost connection the first view replaces the page
  let quiet = -1, lost = false; // counted from the server's first beat on, in ticks: those of a sleeping page do not come
  const lose = () => { if (lost || s.readyState > 1) return; lost = true; s.close(); s.dispatchEvent(new CloseEvent("close", { code: 4000 })); lost = "said"; };
  const ticks = setInterval(() => { if (quiet >= 0 && ++quiet >= QUIET) lose(); }, 1000);
  addEventListener("offline", lose);
  s.addEventListener("message", (e) => {
    if (lost) return e.stopImmediatePropagation(); // what comes too late belongs to a page that was drawn anew
    if (quiet > 0) quiet = 0;
    if (e.data.startsWith('{"type":"beat"')) { quiet = 0; e.stopImmediatePropagation(); }
    else if (!e.data.startsWith('{"type":"layout-update"')) { e.stopImmediatePropagation(); deliver(JSON.parse(e.data)); }
    else if (anew) { anew = false; globalThis.keep?.(); }
  });
  s.addEventListener("open", () => { if (met && root.dataset.conn === "down") globalThis.say?.(app.dataset.back); met = true; root.dataset.conn = "up"; });
  s.addEventListener("close", (e) => {
    if (lost === "said") return e.stopImmediatePropagation(); // the lost socket's real end, minutes later
    clearInterval(ticks);
    removeEventListener("offline", lose);
    if (CLOSED[e.code]) CLOSED[e.code](); else root.dataset.conn = "down";
  });
  return s;
};
{
  const u = address(`${prefix}${component}/`);
  if (document.querySelector("#first [data-island]")) u.searchParams.set("boot", "1"); // only this socket may rely on the rows in the HTML
  early = watch(new Native(u));
  early.onmessage = (m) => waiting.push(m);
  early.addEventListener("close", (e) => { early = null; if (!met && !CLOSED[e.code]) setTimeout(retry, 2000); });
}
function retry() { // the client never retries a first connection that failed
  fetch(import.meta.url, { method: "HEAD", cache: "no-store" }).then(() => location.reload(), () => setTimeout(retry, 2000));
}
window.WebSocket = function (url, protocols) {
  if (!early) return watch(new Native(address(url), protocols));
  const s = early; early = null;
  queueMicrotask(async () => { // one message a task: the client loses one of two that arrive in the same task
    const deliver = s.onmessage;
    s.onmessage = (m) => waiting.push(m);
    if (s.readyState === 1) s.onopen?.();
    while (waiting.length) { deliver(waiting.shift()); await new Promise((r) => setTimeout(r)); }
    s.onmessage = deliver;
  });
  return s;
};
Object.assign(window.WebSocket, { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 });

// --- events: about 200 bytes each, a form as {name: [values]} ------------------------------------------------------
const FIELDS = ["type", "key", "detail"];
const values = (form) => { const d = new FormData(form); return Object.fromEntries([...new Set(d.keys())].map((k) => [k, d.getAll(k).filter((v) => typeof v === "string")])); };
const control = (t) => t instanceof HTMLSelectElement ? { name: t.name, value: t.value, values: [...t.selectedOptions].map((o) => o.value) } : { name: t.name, value: t.value, checked: t.checked, dataset: { ...t.dataset } };
globalThis.slimEvent = (e) => {
  if (!(e instanceof Event)) return e; // script components call handlers with plain objects
  const o = {};
  for (const k of FIELDS) if (e[k] !== undefined) o[k] = e[k];
  const t = e.target, c = e.currentTarget;
  o.target = t instanceof HTMLFormElement ? { values: values(t) } : t instanceof Element ? control(t) : {};
  if (c instanceof Element && c !== t) o.currentTarget = c instanceof HTMLFormElement ? { values: values(c) } : control(c);
  return o;
};

// --- links and forms: real ones that become messages once the app is there -----------------------------------------
const down = () => root.dataset.conn === "down";
const ours = (url) => url.origin === location.origin && /^\/app(\/|$)/.test(url.pathname) && !/^\/app\/(export|files)\//.test(url.pathname);
addEventListener("click", (e) => {
  if (down() && e.target.closest?.("main :is(a[href], button, input[type=checkbox], label)")) { e.preventDefault(); e.stopImmediatePropagation(); }
}, true);
addEventListener("submit", (e) => { if (down()) { e.preventDefault(); e.stopImmediatePropagation(); } }, true);
addEventListener("click", (e) => {
  const a = e.target.closest?.("a[href]");
  if (!a || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey || a.target || a.hasAttribute("download")) return;
  const url = new URL(a.href);
  if (!ours(url) || !root.dataset.ready || (url.hash && url.pathname === location.pathname)) return;
  e.preventDefault();
  a.closest(":popover-open")?.hidePopover();
  go(url, { keep: a.hasAttribute("data-keep") });
});
addEventListener("submit", (e) => {
  const form = e.target, url = new URL(form.action);
  if (e.defaultPrevented || form.method !== "get" || !ours(url) || !root.dataset.ready) return;
  e.preventDefault();
  form.closest(":popover-open")?.hidePopover();
  const named = [...form.elements].find((f) => f.dataset.reference && new RegExp(`^${f.dataset.reference}$`, "i").test(f.value.trim()));
  if (named) { const reference = named.value.trim().toUpperCase(); named.value = ""; go(new URL(`/app/requests/${reference}`, location.href)); return; }
  go(query(form, url), { keep: true });
});
function query(form, url) {
  // A search box changes one key of the view that is open; a filter form says the whole view.
  const q = form.hasAttribute("data-merge") && url.pathname === location.pathname ? new URLSearchParams(location.search) : new URLSearchParams();
  const names = new Set([...form.elements].map((f) => f.name).filter(Boolean));
  if (form.hasAttribute("data-merge")) names.forEach((n) => { if (form.elements[n]?.type !== "hidden") q.delete(n); });
  for (const [k, v] of new FormData(form)) if (v && !(form.hasAttribute("data-merge") && q.has(k))) q.append(k, v);
  if (form.hasAttribute("data-filters")) for (const n of ["search", "sort"]) { // the drawer may be older than these
    q.delete(n);
    const now = new URLSearchParams(location.search).get(n);
    if (now && url.pathname === location.pathname) q.set(n, now);
  }
  q.delete("page");
  url.search = q;
  return url;
}
function go(url, { replace = false, keep = false } = {}) {
  if (url.href === location.href) return;
  const elsewhere = url.pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", url);
  globalThis.arrive?.({ focus: elsewhere });
  if (elsewhere || !keep) scrollTo(0, 0); // while the answer is under way: it makes the browser lay the page out
}
let typing = 0;
addEventListener("input", (e) => {
  const box = e.target;
  if (!box.matches?.("input[data-live]") || !root.dataset.ready) return;
  clearTimeout(typing);
  typing = setTimeout(() => {
    const url = query(box.form, new URL(box.form.action));
    const typed = box.value.trim(), short = typed.replace(/[^\p{L}\p{N}]/gu, "").length < 3; // as the server counts
    if (short) url.searchParams.delete(box.name); // the whole list, not the last result
    box.form.querySelector("[data-short]")?.toggleAttribute("hidden", !typed || !short);
    if (!down()) go(url, { replace: true, keep: true });
  }, 200);
});

// --- keys, copying, a pressed button says at once that it works ------------------------------------------------------
addEventListener("keydown", (e) => {
  if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey && !e.target.closest?.("input, textarea, select, [contenteditable]")) {
    const box = document.querySelector("main input[type=search]") ?? document.getElementById("search");
    if (box) { e.preventDefault(); box.focus(); box.select(); }
  }
});
addEventListener("click", (e) => {
  const b = e.target.closest?.("[data-copy]");
  if (b) navigator.clipboard?.writeText(b.dataset.copy).then(() => globalThis.say?.(b.dataset.done));
}, true);
addEventListener("click", (e) => {
  const b = e.target.closest?.("button[data-work]");
  if (!b || e.defaultPrevented || !root.dataset.ready) return;
  if (b.type === "submit" && b.form?.method === "get") return; // asks for an address: the server answers no button
  if (b.getAttribute("aria-busy") === "true") { e.preventDefault(); e.stopImmediatePropagation(); return; }
  b.setAttribute("aria-busy", "true");
}, true);

// --- files: a form that is whole without this; the script that shows progress comes when a file is chosen ------------------
addEventListener("change", (e) => { if (e.target.matches?.("form[data-upload] input[type=file]") && e.target.files.length) e.target.form.requestSubmit(); });
addEventListener("submit", (e) => {
  if (e.defaultPrevented || !e.target.matches?.("form[data-upload]")) return;
  e.preventDefault();
  import("./upload.js").then((m) => m.send(e.target), () => e.target.submit());
});

// Effects at once instead of a frame later.
const { h: options } = await import("./index-bz53xswt.js");
options.requestAnimationFrame = queueMicrotask;
({ deliver } = await import("./helpers.js"));
own.splice(0).forEach(deliver);
const { mountReactPy } = await import("./index.js");
mountReactPy({ mountElement: app, pathPrefix: prefix, componentPath: `${component}/`, reconnectInterval: 500, reconnectMaxInterval: 5000, reconnectMaxRetries: 100000, reconnectBackoffMultiplier: 1.25 });
