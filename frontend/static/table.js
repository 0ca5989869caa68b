// Tables: rows are HTML made on the server, kept by key; ticks, select-all and reasons live here and answer at once.
import { listen, mail } from "./helpers.js";

export function bind(node) {
  let view = null, dead = false; // the client may render once more after unmount
  node.className = "contents";
  return {
    create: (type, props) => ({ type, props }),
    render: (e) => { if (!dead) (view ??= e.type(node)).update(e.props); },
    unmount: () => { dead = true; view?.destroy?.(); },
  };
}
const fragment = (html) => { const t = document.createElement("template"); t.innerHTML = html; return t.content; };

// One parse for many rows, by key.
const parse = (rows) => new Map([...fragment(rows.map((row) => row[1]).join("")).children].map((tr) => [tr.dataset.key, tr]));

// Rows by key: what did not change keeps its element, its focus and its tick.
function keyed(body) {
  let held = new Map([...body.children].map((tr) => [tr.dataset.key, { tr, html: null, version: 0 }]));
  const make = (old, html, tr, version) => {
    if (old) {
      const at = old.tr.contains(document.activeElement) ? document.activeElement : null;
      old.tr.replaceWith(tr);
      if (at) (at.matches("input") ? tr.querySelector("input") : [...tr.querySelectorAll("a, button")][[...old.tr.querySelectorAll("a, button")].indexOf(at)])?.focus();
    }
    return { tr, html, version };
  };
  return {
    all(rows, version) {
      const next = new Map(), fresh = parse(rows.filter(([key, html]) => held.get(key)?.html !== html));
      if (fresh.size === rows.length && !rows.some(([key]) => held.has(key))) { // another page: nothing to keep
        body.replaceChildren(...fresh.values());
        held = new Map(rows.map(([key, html]) => [key, { tr: fresh.get(key), html, version }]));
        return;
      }
      let at = body.firstElementChild;
      for (const [key, html] of rows) {
        const old = held.get(key);
        let row = old;
        if (fresh.has(key)) { row = make(old, html, fresh.get(key), version); if (old && at === old.tr) at = row.tr; }
        row.version = version;
        if (row.tr === at) at = at.nextElementSibling; else body.insertBefore(row.tr, at);
        next.set(key, row);
      }
      while (at) { const gone = at; at = at.nextElementSibling; gone.remove(); }
      held = next;
    },
    some(rows, version) { // single rows may have been read before a list that came first: the newer number wins
      const newer = rows.filter(([key, html]) => { const old = held.get(key); return old && old.version <= version && old.html !== html; });
      for (const [key, tr] of parse(newer)) held.set(key, make(held.get(key), newer.find((row) => row[0] === key)[1], tr, version));
    },
  };
}

// A table of an ordinary page: the frame once, rows by key.
export function Table(node) {
  let frame = null, rows = null;
  return {
    update(p) {
      if (p.frame !== frame) { frame = p.frame; node.replaceChildren(fragment(frame)); rows = keyed(node.querySelector("tbody")); }
      rows.all(p.rows, 0);
    },
  };
}

// The fleet: regions and rows come as messages, so that the server keeps none of them.
export function Fleet(node) {
  let props = {}, root = null, rows = null, view = null, picked = new Map(), anchor = null, everything = 0, out = new Set(), asked = "";
  const last = new Map();
  const emit = (message) => props.onAct?.(message);
  const $ = (css) => root.querySelector(css), boxes = () => [...root.querySelectorAll("tbody input[type=checkbox]")];
  const row = (box) => box.closest("tr");
  const kind = (tr) => `${tr.dataset.type}/${tr.dataset.status}`;

  function start(island) {
    root = island;
    node.append(root);
    document.querySelector("#first")?.replaceChildren();
    rows = keyed($("tbody"));
    for (const r of root.querySelectorAll("[data-region]")) last.set(r.dataset.region, null);
    view = root.dataset.view;
    asked = $("input[data-live]").defaultValue;
    root.addEventListener("change", changed);
    root.addEventListener("click", clicked);
    root.addEventListener("beforetoggle", aim, true);
    root.addEventListener("toggle", (e) => { e.target.scrollTop = 0; }, true); // the row before may have left it scrolled
    early();
  }
  function early() { // what was ticked before the script came counts as if it were ticked now; what is no kind of the first is not ticked
    if ($("[data-all]")?.checked) return changed({ target: $("[data-all]") });
    const ticked = boxes().filter((b) => b.checked);
    for (const b of ticked) if (kind(row(b)) === kind(row(ticked[0]))) tick(b);
    settle();
  }
  function changed(e) {
    if (e.target.matches("[data-all]")) {
      const able = boxes().filter((b) => !b.disabled), lead = able.find((b) => picked.has(b.value)) ?? able[0];
      const same = able.filter((b) => e.target.checked ? kind(row(b)) === (anchor ?? kind(row(lead))) : true);
      for (const b of same) { b.checked = e.target.checked; tick(b); }
      if (everything) return rest();
    } else if (e.target.matches("tbody input[type=checkbox]")) {
      tick(e.target);
      if (everything) return rest();
    } else return;
    settle();
  }
  function tick(box) {
    const tr = row(box);
    if (everything) return box.checked ? out.delete(box.value) : out.add(box.value);
    if (box.checked) picked.set(box.value, kind(tr)); else picked.delete(box.value);
  }
  function rest() { if (everything > out.size) show(); else clear(); } // all but those that were unticked
  function settle() {
    const before = anchor;
    anchor = picked.size ? [...picked.values()][0] : null;
    if (!picked.size) everything = 0;
    show();
    if (anchor && anchor !== before) { const [type, status] = anchor.split("/"); emit({ act: "pick", type, status }); }
  }
  function clear() { picked = new Map(); anchor = null; everything = 0; out.clear(); for (const b of boxes()) b.checked = false; show(); }
  function clicked(e) {
    const b = e.target.closest("[data-act], button[data-start]");
    if (!b) return;
    const { act, start: kind } = b.dataset;
    if (act === "clear") { clear(); $("[data-all]")?.focus(); }
    else if (act === "everything") { everything = Number(b.dataset.count); out.clear(); show(); }
    else if (kind) { b.closest(":popover-open")?.hidePopover(); emit({ act: "start", kind, ...(everything ? { all: true, except: [...out], type: anchor.split("/")[0], status: anchor.split("/")[1] } : { ids: [...picked.keys()] }) }); }
    else emit({ act });
  }
  function aim(e) { // one menu for all rows: it learns whose it is when it opens
    if (e.target.id !== "row-menu" || e.newState !== "open") return;
    const tr = root.querySelector("tr[data-menu]");
    if (!tr) return;
    e.target.querySelector("a").href = `/app/lines/${tr.dataset.key}`;
    for (const a of e.target.querySelectorAll("a[data-part]")) a.href = `/app/lines/${tr.dataset.key}/${a.dataset.part}`;
    for (const a of e.target.querySelectorAll("a[data-start]")) { a.href = `/app/start/${a.dataset.start}?line=${tr.dataset.key}`; a.hidden = !fits(a, tr.dataset.status) || ("esim" in a.dataset && !("esim" in tr.dataset)); }
    titles(e.target);
  }
  function titles(menu) { // the name of a group in which nothing is offered goes too
    for (const t of menu.querySelectorAll(".menu-title")) { let next = t.nextElementSibling; while (next?.hidden && !next.matches(".menu-title")) next = next.nextElementSibling; t.hidden = !next || next.matches(".menu-title"); }
  }
  addEventListener("pointerdown", whose, true);
  addEventListener("keydown", whose, true);
  function whose(e) {
    const opener = e.target.closest?.("[popovertarget=row-menu]");
    if (!opener) return;
    root?.querySelector("tr[data-menu]")?.removeAttribute("data-menu");
    opener.closest("tr").dataset.menu = "";
  }

  const fits = (control, status) => !status || control.dataset.for.split(" ").includes(status);

  function show() { // everything the selection changes, from one state
    const words = root.dataset, count = (n) => n.toLocaleString(document.documentElement.lang);
    const all = boxes();
    for (const b of all) {
      const tr = row(b);
      if (everything) b.checked = kind(tr) === anchor && !out.has(b.value);
      else b.checked = picked.has(b.value);
      const [type, status] = anchor?.split("/") ?? [];
      const why = (anchor && type !== tr.dataset.type ? words.whyType : anchor && status !== tr.dataset.status ? words.whyStatus : "");
      b.disabled = Boolean(why) && !b.checked;
      tr.classList.toggle("is-skipped", b.disabled);
      tr.setAttribute("aria-selected", String(b.checked));
      let note = tr.querySelector("[data-note]");
      if (b.disabled) {
        if (!note) { note = document.createElement("span"); note.className = "cell-sub"; note.dataset.note = ""; note.id = `why-${b.value}`; tr.querySelector("th").append(note); }
        if (note.textContent !== why) note.textContent = why;
        b.setAttribute("aria-describedby", note.id);
      } else { note?.remove(); b.removeAttribute("aria-describedby"); }
    }
    const able = all.filter((b) => !b.disabled), on = able.filter((b) => b.checked).length, head = $("[data-all]");
    if (head) { head.checked = on > 0 && on === able.length; head.indeterminate = on > 0 && on < able.length; head.disabled = !able.length; }
    const n = everything ? everything - out.size : picked.size, bar = $(".selection-bar");
    const said = n === 0 ? words.none : n === 1 ? words.one : words.many.replace("{n}", count(n));
    for (const c of root.querySelectorAll("[data-counter]")) if (c.textContent !== said) c.textContent = said;
    bar.hidden = !n;
    for (const b of bar.querySelectorAll("[data-start][data-for]")) b.hidden = !fits(b, anchor?.split("/")[1]);
    const menu = bar.querySelector(".menu");
    if (menu) titles(menu);
    const more = bar.querySelector("[data-act=everything]");
    more.hidden = Boolean(everything) || !(Number(more.dataset.count) > n) || more.dataset.kind !== anchor;
  }
  function hear(m) {
    for (const [name, html] of Object.entries(m.regions ?? {})) {
      const region = $(`[data-region="${name}"]`);
      if (last.get(name) === html || !region) continue;
      last.set(name, html);
      const at = region.contains(document.activeElement) ? document.activeElement.id : "";
      const open = [...region.querySelectorAll(":popover-open")].map((p) => p.id);
      region.innerHTML = html;
      for (const id of open) document.getElementById(id)?.showPopover();
      if (at) document.getElementById(at)?.focus();
    }
    const network = m.network && document.querySelector("[data-network]");
    if (network && network.textContent !== m.network) network.textContent = m.network;
    if (m.view !== undefined) {
      const box = $("input[data-live]");
      if (box && box !== document.activeElement && m.search !== asked) box.value = m.search; // typed and not yet asked for: kept
      asked = m.search;
      if (m.view !== view) { view = m.view; picked = new Map(); anchor = null; everything = 0; out.clear(); }
    }
    if (m.rows) rows.all(m.rows, m.version);
    if (m.some) rows.some(m.some, m.version);
    if (m.rows || m.some || m.regions) show();
  }
  function offer({ product_type: type, status, count, words }) {
    const more = $("[data-act=everything]");
    more.dataset.count = count; more.dataset.kind = `${type}/${status}`; more.textContent = words;
    show();
  }
  let offs = [];
  return {
    update(p) {
      props = p;
      if (root) return;
      start(document.querySelector("#first [data-island=fleet]") ?? fragment(p.island).firstElementChild);
      offs = [listen("fleet", hear), listen("picked", offer)];
    },
    destroy() { offs.forEach((off) => off()); removeEventListener("pointerdown", whose, true); removeEventListener("keydown", whose, true); root?.remove(); mail.delete("fleet"); },
  };
}
