// Draws the dashboard's curves with Chart.js, in the colours of the theme.
"use strict";

(() => {
  const LIGHT = ["#6d28d9", "#0f766e", "#b45309", "#be123c", "#1d4ed8", "#4d7c0f"];
  const DARK = ["#c4b5fd", "#5eead4", "#fbbf24", "#fda4af", "#93c5fd", "#bef264"];
  const DASHES = [[], [6, 3], [2, 3], [10, 3, 2, 3]];
  const DAY = 86400000;

  const isDark = () => document.documentElement.classList.contains("dark");

  const when = (milliseconds, long) => {
    const iso = new Date(milliseconds).toISOString();
    return long ? iso.slice(0, 16).replace("T", " ") : iso.slice(5, 10);
  };

  const colour = (chart) => {
    const dark = isDark();
    const text = dark ? "#d1d5db" : "#4b5563";
    const grid = dark ? "#374151" : "#e5e7eb";
    chart.data.datasets.forEach((dataset, at) => {
      const palette = dark ? DARK : LIGHT;
      dataset.borderColor = dataset.backgroundColor = palette[at % palette.length];
    });
    for (const scale of Object.values(chart.options.scales)) {
      scale.ticks.color = scale.title.color = text;
      scale.grid.color = grid;
    }
    chart.options.plugins.legend.labels.color = text;
    chart.update("none");
  };

  const draw = () => {
    const canvas = document.getElementById("curves");
    const source = document.getElementById("curves-data");
    if (!canvas || !source) return;
    const curves = JSON.parse(source.textContent);
    const times = curves.flatMap((curve) => curve.points.map((point) => point[0]));
    const short = Math.max(...times) - Math.min(...times) < 3 * DAY;
    const chart = new Chart(canvas, {
      type: "line",
      data: {
        datasets: curves.map((curve, at) => ({
          label: curve.label,
          data: curve.points.map(([x, y]) => ({ x, y })),
          borderWidth: 2,
          borderDash: DASHES[at % DASHES.length],
          pointRadius: 0,
          pointHitRadius: 8,
        })),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        responsive: true,
        interaction: { mode: "nearest", axis: "x", intersect: false },
        scales: {
          x: {
            type: "linear",
            min: Math.min(...times),
            max: Math.max(...times),
            grid: {},
            title: { display: false },
            ticks: {
              maxRotation: 0,
              autoSkipPadding: 16,
              callback: (value) => (short ? when(value, true).slice(5) : when(value, false)),
            },
          },
          y: {
            grid: {},
            title: { display: true, text: "PnL %" },
            ticks: {},
          },
        },
        plugins: {
          legend: { position: "bottom", labels: { boxHeight: 1, boxWidth: 28 } },
          tooltip: {
            callbacks: {
              title: (items) => `${when(items[0].parsed.x, true)} UTC`,
              label: (item) => `${item.dataset.label}: ${item.parsed.y.toFixed(3)} %`,
            },
          },
        },
      },
    });
    colour(chart);
    new MutationObserver(() => colour(chart)).observe(document.documentElement, {
      attributes: true,
      attributeFilter: ["class"],
    });
  };

  document.addEventListener("DOMContentLoaded", draw);
})();
