// Runs before every page: counts what the page sends, and times interactions from the inside.
window.bench = { sent: 0 };
{
  const send = WebSocket.prototype.send, get = window.fetch;
  WebSocket.prototype.send = function (...a) { bench.sent += 1; return send.apply(this, a); };
  window.fetch = (...a) => { bench.sent += 1; return get(...a); };
}
bench.first = () => document.querySelector("main tbody tr[data-key]")?.dataset.key ?? "";
bench.until = (there) => new Promise((done, fail) => {
  const look = () => { if (there()) { watch.disconnect(); clearTimeout(late); done(performance.now()); } };
  const watch = new MutationObserver(look);
  const late = setTimeout(() => { watch.disconnect(); fail(new Error("nothing changed")); }, 8000);
  watch.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });
});
// Type all but the last key, then the last one: the time counts from there, without the pause that both wait for.
bench.search = async (words) => {
  const box = document.getElementById("fleet-search"), before = bench.first();
  box.focus();
  for (const text of [words.slice(0, -1), words]) { box.value = text; box.dispatchEvent(new InputEvent("input", { bubbles: true })); }
  const began = performance.now();
  return await bench.until(() => bench.first() !== before) - began - 200;
};
bench.click = async (css) => {
  const before = bench.first(), began = performance.now(), over = bench.until(() => bench.first() !== before && bench.first());
  document.querySelector(css).click();
  return await over - began;
};
// The row's menu, then its first action: the line. There once its number stands in the heading and the table is gone.
bench.row = async () => {
  const tr = document.querySelectorAll("main tbody tr[data-key]")[3], number = tr.querySelector(".number").textContent;
  const opener = tr.querySelector("[popovertarget=row-menu]"), menu = document.getElementById("row-menu");
  const opened = new Promise((r) => menu.addEventListener("toggle", r, { once: true }));
  const began = performance.now();
  opener.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  opener.click();
  await opened;
  const over = bench.until(() => !bench.first() && document.querySelector("main").textContent.includes(number));
  menu.querySelector("a").click();
  return await over - began;
};
bench.tick = () => {
  const box = document.querySelectorAll("main tbody input[type=checkbox]:not(:disabled):not(:checked)")[0], counter = document.querySelector("[data-counter]");
  const before = counter.textContent, sent = bench.sent, began = performance.now();
  box.click();
  return { ms: performance.now() - began, same: counter.textContent === before, sent: bench.sent - sent };
};
