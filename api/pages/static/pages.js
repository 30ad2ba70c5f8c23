// Makes the components of govuk-frontend come alive; every page works without.
const components = document.querySelector("script[data-components]").dataset.components;
const { initAll } = await import(components);
document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
