// The page's own manners: address, title, focus, toasts, countdowns. One script component (App) ties them to the server.
const root = document.documentElement, main = document.getElementById("main");
export const mail = new Map(); // the last message of a kind, for a component that mounts after it came
const listeners = new Map();
export const listen = (kind, hear) => { listeners.set(kind, hear); if (mail.has(kind)) hear(mail.get(kind)); return () => { if (listeners.get(kind) === hear) listeners.delete(kind); }; };
const post = (kind) => (message) => { mail.set(kind, message); listeners.get(kind)?.(message); };

const KINDS = { go: leave, toast: (m) => say(m.text, m.tone), frame, idle, again, fleet: post("fleet"), picked: post("picked") };
export const deliver = (message) => KINDS[message.type]?.(message);

export function bind(node) {
  let view = null, dead = false; // the client may render once more after unmount
  node.className = "contents";
  return {
    create: (type, props) => ({ type, props }),
    render: (e) => { if (!dead) (view ??= e.type(node)).update(e.props); },
    unmount: () => { dead = true; view?.destroy?.(); },
  };
}

export function App() {
  let props = {};
  globalThis.arrive = ({ focus = false } = {}) => { if (focus) moving = true; place(); mail.clear(); props.onAddress?.({ path: location.pathname, query: location.search }); };
  const back = () => globalThis.arrive({ focus: true });
  addEventListener("popstate", back);
  return {
    update(p) {
      props = p;
      if (root.dataset.ready) return;
      root.dataset.ready = "1";
      // What was typed before is asked for now
      for (const box of document.querySelectorAll("input[data-live]")) if (box.value.trim() !== (new URLSearchParams(location.search).get(box.name) ?? "").trim()) box.dispatchEvent(new InputEvent("input", { bubbles: true }));
    },
    destroy() { removeEventListener("popstate", back); },
  };
}

function leave({ to, replace, outside }) { // the server moved on by itself: only the address follows
  if (outside) { location.assign(to); return; }
  const elsewhere = new URL(to, location.href).pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  if (elsewhere) { moving = true; scrollTo(0, 0); }
  place();
}
function place() { // where we are, in the menu and in forms that come back here
  for (const next of document.querySelectorAll("input[name=next]")) next.value = globalThis.here();
  let best = null;
  for (const a of document.querySelectorAll(":is(.sidenav a[href^='/app'], a[data-place])")) {
    const here = [a.pathname, ...(a.dataset.also?.split(" ") ?? [])].some((p) => location.pathname === p || (p !== "/app" && location.pathname.startsWith(`${p}/`)));
    if (here && (!best || a.pathname.length > best.pathname.length)) best = a;
  }
  for (const a of document.querySelectorAll(":is(.sidenav a, a[data-place])[aria-current]")) if (a !== best) a.removeAttribute("aria-current");
  best?.setAttribute("aria-current", "page");
  const nav = document.getElementById("nav");
  if (nav?.matches(":popover-open")) nav.hidePopover();
}
function frame(counts) { // requests under way, unread messages: what a message leaves out stays as it is
  for (const name of ["running", "unread"]) {
    const badge = document.querySelector(`[data-${name}]`), n = counts[name];
    if (!badge || n === undefined) continue;
    badge.textContent = n > 99 ? "99+" : n;
    badge.hidden = !n;
    if (name === "unread") badge.nextElementSibling.hidden = !n;
  }
}
function again({ fresh, query }) { globalThis.signIn(fresh ? "fresh=1&" : "", query); } // signed out, or a secret asks for a recent sign-in
function idle() { for (const b of document.querySelectorAll("button[data-work][aria-busy=true]")) b.removeAttribute("aria-busy"); }

// --- toasts ---
globalThis.say = say;
function say(text, tone = "done") {
  if (!text) return;
  const toast = document.createElement("div"), label = document.createElement("span");
  toast.className = "toast";
  toast.innerHTML = `<svg class="icon" aria-hidden="true"><use href="#i-${tone === "lost" ? "alert" : "check"}"/></svg>`;
  label.textContent = text;
  toast.append(label);
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), tone === "lost" ? 15000 : 6000);
}

// --- what was filled in outlives a lost connection, in forms that have an id (check answers have none: a loss is confirmed anew) ---
let kept = null;
const ticks = (f) => f.type === "radio" || f.type === "checkbox";
const changed = (f) => ticks(f) ? f.checked !== f.defaultChecked : f.type === "select-one" || (f.defaultValue !== undefined && f.type !== "file" && f.type !== "hidden" && f.value !== f.defaultValue);
globalThis.keep = () => {
  const forms = [...document.querySelectorAll("#app form[id]")];
  if (!forms.length) return; // lost again before the page was there: what was kept before still counts
  kept = { at: location.pathname, old: forms[0], focus: document.activeElement?.id, fields: forms.flatMap((form) => [...form.elements].filter((f) => f.name && changed(f)).map(({ name, type, value, checked }) => ({ form: form.id, name, type, value, checked }))) };
};
function restore() {
  if (kept.at === location.pathname && (kept.old.isConnected || main.querySelector("[data-skeleton]"))) return; // not drawn anew yet
  const { at, focus, fields } = kept;
  kept = null;
  if (at !== location.pathname) return;
  for (const was of fields) for (const f of document.getElementById(was.form)?.elements ?? []) {
    if (f.name !== was.name || f.type !== was.type) continue;
    if (f.type === "select-one" && ![...f.options].some((o) => o.value === was.value)) continue; // not offered any more
    if (!ticks(f)) f.value = was.value;
    else if (f.value === was.value) f.checked = was.checked;
  }
  if (focus && document.activeElement === document.body) document.getElementById(focus)?.focus({ preventScroll: true });
}

// --- title and focus follow what is drawn ---
let moving = false, problem = null;
const look = () => {
  if (kept) restore();
  if (document.querySelector("#app :is(h1, .empty, [data-island])")) document.querySelector("#first > :is([data-skeleton], [data-missing])")?.remove();
  const h1 = main.querySelector("h1");
  if (!h1) return;
  const wrong = main.querySelector(".error-summary, .before-columns[tabindex]"), name = h1.dataset.title ?? h1.textContent;
  document.title = `${wrong ? main.dataset.error : ""}${name} - Fleetline`;
  if (wrong && wrong !== problem) wrong.focus();
  problem = wrong;
  if (moving && !main.querySelector("[data-skeleton]")) requestAnimationFrame(() => { // focusing lays the page out: once, where it is drawn
    if (!moving || !h1.isConnected) return;
    moving = false;
    h1.tabIndex = -1;
    h1.focus({ preventScroll: true });
  });
};
new MutationObserver(look).observe(main, { childList: true, subtree: true, characterData: true });
place();

// --- countdowns tick here; the server says how many seconds were left when it drew them ---
const ends = new WeakMap();
const tick = () => {
  for (const e of document.querySelectorAll("[data-until]")) {
    let end = ends.get(e);
    if (!end || end.until !== e.dataset.until) ends.set(e, end = { until: e.dataset.until, at: performance.now() + 1000 * Number(e.dataset.seconds) });
    const left = Math.max(0, (end.at - performance.now()) / 1000);
    if (e.dataset.text) { const words = e.dataset.text.replace("{s}", Math.ceil(left)); if (e.textContent !== words) e.textContent = words; }
    else e.setAttribute("width", `${Math.min(100, (100 * left) / Number(e.dataset.span)).toFixed(1)}%`);
  }
};
setInterval(tick, 250);
new MutationObserver(tick).observe(main, { childList: true, subtree: true });
