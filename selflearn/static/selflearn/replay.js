// Draws replays with plotly, in the colours of the theme.
"use strict";

(() => {
  const CONFIG = { displaylogo: false, responsive: true, modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]] };
  const PAUSE = 300;
  const MARKS = 150; // of a second kind: more hide the candles
  const isDark = () => document.documentElement.classList.contains("dark");
  const isNarrow = () => window.innerWidth < 640;

  const colours = () =>
    isDark()
      ? { text: "#d1d5db", grid: "#374151", up: "#4ade80", down: "#ff8f86", one: "#c4b5fd", two: "#fbbf24", quiet: "#9ca3af" }
      : { text: "#4b5563", grid: "#e5e7eb", up: "#0b6b3a", down: "#b42318", one: "#6d28d9", two: "#b45309", quiet: "#6b7280" };

  const layout = (more) => {
    const { text, grid } = colours();
    const axis = { gridcolor: grid, zerolinecolor: grid, linecolor: grid };
    const found = {
      paper_bgcolor: "transparent", plot_bgcolor: "transparent", font: { color: text, size: 12 },
      margin: { l: isNarrow() ? 44 : 64, r: 12, t: 8, b: 36 }, hovermode: "closest",
      legend: { orientation: "h", y: -0.12 }, ...more,
    };
    for (const name of Object.keys(found)) if (/^[xy]axis/.test(name)) found[name] = { ...axis, ...found[name] };
    return found;
  };

  // Given its settings anew, a picture takes them for changed ones and begins again, for ever.
  const draw = (place, all, frame) =>
    place.classList.contains("js-plotly-plot") ? Plotly.react(place, all, frame) : Plotly.newPlot(place, all, frame, CONFIG);

  const line = (curve, name, colour, more = {}) => ({
    type: "scatter", mode: "lines", x: curve.time, y: curve.value, name, line: { color: colour, width: 1.5 }, ...more,
  });

  // Many marks beside each other must not hide the candles.
  const sized = (trades) => (trades.side.length > MARKS ? 5 : 9);

  const marks = (trades, side, tone) => {
    const rows = trades.side.flatMap((one, at) => (one === side ? [at] : []));
    return {
      type: "scatter", mode: "markers", name: `${side} entries`, x: rows.map((at) => trades.entry[at]),
      y: rows.map((at) => trades.entry_price[at]), marker: { symbol: side === "long" ? "triangle-up" : "triangle-down", size: sized(trades), color: tone },
      text: rows.map((at) => `${side}, ${trades.pnl_pct[at].toFixed(3)} %`), hovertemplate: "%{text}<br>%{x}<br>%{y}<extra></extra>",
    };
  };

  // A pen that is lifted between trades.
  const strokes = (trades, from, to) => {
    const x = [], y = [];
    trades.side.forEach((_, at) => {
      x.push(trades.entry[at], trades.exit[at], null);
      y.push(from[at], to[at], null);
    });
    return { x, y };
  };

  // Bricks behind the candles, each as wide as it took to form: outlines that fill themselves.
  const wall = (bricks, direction) => {
    const { up, down } = colours();
    const tone = direction > 0 ? up : down;
    const x = [], y = [];
    bricks.close.forEach((close, at) => {
      const open = bricks.open[at], from = bricks.from[at], to = bricks.to[at];
      if (Math.sign(close - open) !== direction) return;
      x.push(from, to, to, from, from, null);
      y.push(open, open, close, close, open, null);
    });
    return {
      type: "scatter", mode: "lines", name: direction > 0 ? "bricks up" : "bricks down", x, y, fill: "toself", fillcolor: `${tone}40`, line: { color: tone, width: 0.5 }, opacity: 0.8, hoverinfo: "skip",
    };
  };

  const own = (trades) => {
    const { two } = colours();
    return {
      type: "scatter", mode: "markers", name: "live entries", x: trades.entry, y: trades.entry_price,
      marker: { symbol: "circle-open", size: sized(trades) + 3, color: two, line: { width: 1.5 } }, text: trades.side.map((side, at) => `${side}, ${trades.pnl_pct[at].toFixed(3)} %`), hovertemplate: "live: %{text}<br>%{x}<br>%{y}<extra></extra>",
    };
  };

  const traces = (found) => {
    const { up, down, one, two, quiet } = colours();
    const { candles, trades, results } = found;
    const all = [];
    if (candles) {
      all.push({
        type: "candlestick", name: "candles", x: candles.time, open: candles.open, high: candles.high, low: candles.low, close: candles.close,
        increasing: { line: { color: up, width: 1 } }, decreasing: { line: { color: down, width: 1 } }, showlegend: false,
      });
    }
    if (found.bricks && found.bricks.from.length) all.push(wall(found.bricks, 1), wall(found.bricks, -1));
    if (found.lived && found.lived.side.length <= MARKS) all.push(own(found.lived));
    all.push({ type: "scatter", mode: "lines", name: "trades", ...strokes(trades, trades.entry_price, trades.exit_price), line: { color: quiet, width: 1, dash: "dot" }, hoverinfo: "skip" });
    all.push({ type: "scatter", mode: "lines", name: "stops", ...strokes(trades, trades.stop_loss, trades.stop_loss), line: { color: down, width: 1 }, hoverinfo: "skip" });
    all.push(marks(trades, "long", one), marks(trades, "short", two));
    all.push({
      type: "scatter", mode: "markers", name: "exits", x: trades.exit, y: trades.exit_price, marker: { symbol: "x-thin", size: sized(trades) - 2, line: { color: quiet, width: 2 } },
      text: trades.exit_reason.map((why) => why.replaceAll("_", " ")), hovertemplate: "%{text}<br>%{x}<br>%{y}<extra></extra>",
    });
    all.push(line(results.equity, "equity", one, { yaxis: "y2", line: { color: one, width: 1.5, shape: "hv" } }));
    if (found.marked) all.push(line(found.marked, "incl. open PnL", one, { yaxis: "y2", line: { color: one, width: 1, dash: "dot" } }));
    if (found.lived) all.push(line(found.lived.equity, "live trades", two, { yaxis: "y2", line: { color: two, width: 1.5, shape: "hv", dash: "dash" } }));
    if (found.held) all.push(line(found.held, "buy and hold", quiet, { yaxis: "y2", line: { color: quiet, width: 1, dash: "dot" } }));
    all.push(line(results.drawdown, "drawdown", down, { yaxis: "y3", fill: "tozeroy", line: { color: down, width: 1, shape: "hv" } }));
    return all;
  };

  const frame = (range) =>
    layout({
      height: isNarrow() ? 640 : 680,
      xaxis: { type: "date", rangeslider: { visible: false }, anchor: "y3", ...(range ? { range, autorange: false } : {}) },
      yaxis: { domain: [0.5, 1], title: { text: isNarrow() ? "" : "price" } },
      yaxis2: { domain: [0.22, 0.46], title: { text: isNarrow() ? "" : "PnL %" } },
      yaxis3: { domain: [0, 0.18], title: { text: isNarrow() ? "" : "drawdown" } },
    });

  const drawReplay = async (place) => {
    const said = document.querySelector("[data-replay-text]");
    let shown, whole, timer, asked = 0;
    const fetched = async (query = "") => {
      const answer = await fetch(place.dataset.replay + query, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(answer.status);
      return answer.json();
    };
    const put = (range) => draw(place, traces(shown), frame(range));
    const describe = () => {
      const parts = [];
      if (shown.remark) parts.push(`Without candles: ${shown.remark}.`);
      if (shown.candles && shown.candles.each[0] > 1) parts.push(`Each candle here is ${shown.candles.each[0]} stored ones.`);
      if (shown.trades.side.length < shown.trades.of) parts.push(`${shown.trades.side.length} of ${shown.trades.of} trades are drawn.`);
      if (shown.lived && shown.lived.side.length > MARKS) parts.push("Zoom in to see the bot's own entries.");
      if (shown.bricks && !shown.bricks.from.length && shown.bricks.of) parts.push(`${shown.bricks.of} bricks are too many to draw; zoom in to see them.`);
      parts.push("Drag to zoom in to finer candles. Double-click to reset.");
      said.textContent = parts.join(" ");
    };
    const closer = async (range) => {
      const mine = ++asked;
      const [from, to] = range.map((one) => Date.parse(`${one}`.replace(" ", "T") + "Z") || Number(one));
      try {
        const found = await fetched(`?from=${from}&to=${to}`);
        if (mine !== asked) return;
        shown = { ...found, held: whole.held, lived: found.lived && { ...found.lived, equity: whole.lived.equity } };
        await put([from, to]);
        describe();
      } catch {
        said.textContent = "The server did not answer; what is shown is coarser than it could be.";
      }
    };
    try {
      shown = whole = await fetched();
    } catch {
      said.textContent = "The chart could not be loaded. The tables below have its numbers.";
      return;
    }
    await put();
    describe();
    place.on("plotly_relayout", (change) => {
      clearTimeout(timer);
      if (change["xaxis.autorange"]) {
        asked += 1;
        shown = whole;
        timer = setTimeout(() => put().then(describe), PAUSE);
      } else if (change["xaxis.range[0]"] !== undefined) {
        timer = setTimeout(() => closer([change["xaxis.range[0]"], change["xaxis.range[1]"]]), PAUSE);
      }
    });
    themed(() => put());
  };

  const drawCurves = (place) => {
    const curves = JSON.parse(document.getElementById("curves-of-runs").textContent);
    const put = () => {
      const { one, two } = colours();
      const all = curves.map((curve, at) => line(curve.equity, curve.name, [one, two][at], { line: { color: [one, two][at], width: 2, shape: "hv", dash: at ? "dash" : "solid" } }));
      return draw(place, all, layout({ height: 340, xaxis: { type: "date" }, yaxis: { title: { text: "PnL %" } } }));
    };
    put();
    themed(put);
  };

  const drawAlong = (place) => {
    const found = JSON.parse(document.getElementById("along-data").textContent);
    const put = () => {
      const { one, two } = colours();
      const words = found.values.some((value) => typeof value !== "number");
      const x = found.values.map((value) => (words ? String(value) : value));
      const text = found.trades.map((count) => `${count} trades`);
      const all = [
        { type: "scatter", mode: "lines+markers", name: "total PnL %", x, y: found.totals, text, line: { color: one, width: 2 }, hovertemplate: "%{x}: %{y:.3f} %<br>%{text}<extra></extra>" },
        { type: "scatter", mode: "markers", name: "this value", x: [x[found.here]], y: [found.totals[found.here]], marker: { color: two, size: 13, symbol: "diamond" } },
      ];
      return draw(place, all, layout({ height: 340, xaxis: { title: { text: found.label }, ...(words ? { type: "category" } : found.log ? { type: "log" } : {}) }, yaxis: { title: { text: "total PnL %" } }, legend: { orientation: "h", y: 1.12 } }));
    };
    put();
    themed(put);
  };

  const themed = (put) =>
    new MutationObserver(() => put()).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });

  document.addEventListener("DOMContentLoaded", () => {
    if (typeof Plotly === "undefined") return;
    document.querySelectorAll("[data-replay]").forEach(drawReplay);
    document.querySelectorAll("[data-curves]").forEach(drawCurves);
    document.querySelectorAll("[data-along]").forEach(drawAlong);
  });
})();
