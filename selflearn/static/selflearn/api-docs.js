"use strict";
(() => {
  const button = document.getElementById("theme");
  const root = document.documentElement;
  const say = () => button.setAttribute("aria-pressed", root.classList.contains("dark-mode"));
  button.addEventListener("click", () => {
    root.classList.toggle("dark-mode");
    say();
  });
  say();
  SwaggerUIBundle({
    url: document.getElementById("swagger-ui").dataset.schema,
    dom_id: "#swagger-ui",
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    filter: true,
    // Nothing leaves this machine.
    validatorUrl: null,
  });
})();
