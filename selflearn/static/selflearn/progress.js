// Says how far background work is, and shows its result when it is done.
"use strict";

(() => {
  const PAUSE = 700;

  const watch = async (place) => {
    const bar = place.querySelector("progress");
    const text = place.querySelector("[data-progress-text]");
    for (;;) {
      await new Promise((done) => setTimeout(done, PAUSE));
      let found;
      try {
        const answer = await fetch(place.dataset.progress, { credentials: "same-origin" });
        if (!answer.ok) continue;
        found = await answer.json();
      } catch {
        continue; // The server may be starting anew.
      }
      bar.value = found.progress;
      text.textContent = found.state === "running" ? `${Math.round(found.progress * 100)} %` : found.state;
      if (found.over) return;
    }
  };

  document.addEventListener("DOMContentLoaded", async () => {
    const places = [...document.querySelectorAll("[data-progress]")];
    if (!places.length) return;
    await Promise.all(places.map(watch));
    location.reload();
  });
})();
