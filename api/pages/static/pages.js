// Start the components of govuk-frontend; every page also works without them.
const components = document.querySelector("script[data-components]").dataset.components;
const { initAll } = await import(components);
document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
