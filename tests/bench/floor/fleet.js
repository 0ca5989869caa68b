// A few lines of fetch: links and the search box replace the table, a line replaces the page.
const part = async (url) => (await fetch(url, { headers: { "X-Part": "1" } })).text();
const show = async (url) => {
  history.pushState(null, "", url);
  if (url.pathname.startsWith("/app/lines/")) document.querySelector("main").innerHTML = await part(url);
  else document.getElementById("table").innerHTML = await part(url);
};
let typing = 0;
document.addEventListener("input", (e) => {
  if (e.target.id !== "fleet-search") return;
  clearTimeout(typing);
  typing = setTimeout(() => show(new URL(`/?search=${encodeURIComponent(e.target.value)}`, location.href)), 200);
});
document.addEventListener("click", (e) => {
  const opener = e.target.closest("[popovertarget=row-menu]"), a = e.target.closest("a[href]");
  if (opener) document.querySelector("#row-menu a").href = `/app/lines/${opener.closest("tr").dataset.key}`;
  if (!a) return;
  e.preventDefault();
  a.closest(":popover-open")?.hidePopover();
  show(new URL(a.href));
});
addEventListener("popstate", () => location.reload());
