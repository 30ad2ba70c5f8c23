// Start the components of govuk-frontend; every page also works without them.
const components = document.querySelector("script[data-components]").dataset.components;
const { initAll } = await import(components);
document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// A region that shows all its content needs no tab stop. Without scripts every region has one.
const regions = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const region of document.querySelectorAll(".scroll")) regions.observe(region);

// Show progress while the service prepares a report; the response sets the cookie that ends it.
function busy(control, until) {
  const note = document.createElement("p");
  note.className = "govuk-body busy";
  note.setAttribute("role", "status");
  note.append(document.createElement("progress"), ` ${control.dataset.busy}`);
  control.after(note);
  const started = Date.now();
  const timer = setInterval(() => {
    if (until() || Date.now() - started > 120_000) {
      clearInterval(timer);
      note.remove();
    }
  }, 250);
}

for (const control of document.querySelectorAll("a[data-busy]")) {
  control.addEventListener("click", () => {
    const token = crypto.getRandomValues(new Uint32Array(2)).join("");
    const address = new URL(control.href);
    address.searchParams.set("ready", token);
    control.href = address;
    busy(control, () => document.cookie.includes(`ledger-ready=${token}`));
  });
}

for (const control of document.querySelectorAll("button[data-busy]")) {
  control.addEventListener("click", () => busy(control, () => document.hidden));
}
