"use strict";
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const maps = new Map();
  const gliding = () => (still.matches ? "auto" : "smooth");
  const rowOf = (site) => document.querySelector(`#ranked tbody tr[data-site="${site}"]`);
  const cardOf = (site) => document.querySelector(`details.card[data-site="${site}"]`);

  // A span in which a kilometre is as long across as it is up, and which holds the wanted one.
  const fit = (map, west, south, east, north) => {
    const box = map.view.frame.bbox;
    if (!(box.width > 0 && box.height > 0)) return;
    const scale = Math.max((east - west) / box.width, (north - south) / box.height);
    const x = (west + east) / 2, y = (south + north) / 2;
    const across = (scale * box.width) / 2, up = (scale * box.height) / 2;
    map.plot.x_range.setv({ start: x - across, end: x + across });
    map.plot.y_range.setv({ start: y - up, end: y + up });
  };
  const span = ({ plot }) => [plot.x_range.start, plot.y_range.start, plot.x_range.end, plot.y_range.end];
  const zoom = (map, factor) => {
    const [west, south, east, north] = span(map);
    const x = ((east - west) / 2) * factor, y = ((north - south) / 2) * factor;
    fit(map, (west + east) / 2 - x, (south + north) / 2 - y, (west + east) / 2 + x, (south + north) / 2 + y);
  };
  const centre = (map, index) => {
    const [west, south, east, north] = span(map);
    const { x, y } = map.sites.data;
    const across = (east - west) / 2, up = (north - south) / 2;
    fit(map, x[index] - across, y[index] - up, x[index] + across, y[index] + up);
  };

  // One site at a time: its row, its card and its marker are marked together.
  const mark = (site) => {
    for (const row of document.querySelectorAll("tr[aria-current]")) row.removeAttribute("aria-current");
    for (const card of document.querySelectorAll("details[data-chosen]")) card.removeAttribute("data-chosen");
    if (site === null) return;
    rowOf(site)?.setAttribute("aria-current", "true");
    cardOf(site)?.setAttribute("data-chosen", "");
  };
  const choose = (site) => {
    mark(site);
    for (const map of maps.values()) {
      const index = Array.from(map.sites.data.number).indexOf(site);
      map.quiet = true;
      map.sites.selected.indices = index < 0 ? [] : [index];
      map.quiet = false;
      if (index < 0) continue;
      centre(map, index);
      map.box.scrollIntoView({ behavior: gliding(), block: "nearest" });
    }
  };
  const chosenOnMap = (map) => {
    if (map.quiet) return;
    const [index] = map.sites.selected.indices;
    if (index === undefined) return mark(null);
    const site = map.sites.data.number[index];
    mark(site);
    const row = rowOf(site), card = cardOf(site), box = row?.closest(".scroll");
    if (row && box) box.scrollTop = row.offsetTop - box.clientHeight / 2;
    if (card) {
      card.open = true;
      card.scrollIntoView({ behavior: gliding(), block: "start" });
    } else row?.scrollIntoView({ behavior: gliding(), block: "center" });
  };

  const start = async (box) => {
    const number = box.dataset.map;
    const item = JSON.parse(box.querySelector("script[data-item]").textContent);
    const views = await Bokeh.embed.embed_item(item, `map-${number}`);
    const view = Array.from(views)[0] ?? views.roots?.[0];
    const plot = view.model;
    const map = { box, view, plot, sites: plot.document.get_model_by_name("sites"), quiet: false };
    maps.set(number, map);
    plot.height = Math.max(320, Math.min(560, Math.round(1.05 * box.querySelector(".plot").clientWidth)));
    const [west, south, east, north] = plot.tags;
    let size = "";
    new ResizeObserver(() => {
      const { width, height } = view.frame.bbox, now = `${width} ${height}`;
      if (now === size) return;
      const first = size === "";
      size = now;
      requestAnimationFrame(() => (first ? fit(map, west, south, east, north) : fit(map, ...span(map))));
    }).observe(view.el);
    map.sites.selected.properties.indices.change.connect(() => chosenOnMap(map));
    for (const input of box.querySelectorAll("input[data-layer]")) {
      const show = () => {
        for (const renderer of plot.renderers) if (renderer.name === input.dataset.layer) renderer.visible = input.checked;
      };
      input.addEventListener("change", show);
      show();
    }
    const tools = plot.toolbar.tools, boxTool = tools.find((tool) => tool.name === "box"), pan = tools.find((tool) => tool.name === "pan");
    for (const button of box.querySelectorAll("button[data-zoom]")) {
      button.addEventListener("click", () => {
        const what = button.dataset.zoom;
        if (what === "in") zoom(map, 0.6);
        if (what === "out") zoom(map, 1 / 0.6);
        if (what === "all") fit(map, west, south, east, north);
        if (what === "box") {
          const on = button.getAttribute("aria-pressed") !== "true";
          button.setAttribute("aria-pressed", String(on));
          pan.active = !on;
          boxTool.active = on;
        }
      });
    }
    box.dataset.drawn = "true";
  };

  const value = (cell) => {
    const words = cell.textContent.trim();
    if (cell.tagName === "TH") return words.toLowerCase(); // a name, even where it starts with a number
    if (words === "?" || words === "–" || words === "") return null;
    const month = /^(\d{4})-(\d{2})/.exec(words);
    if (month) return 12 * Number(month[1]) + Number(month[2]);
    const number = /[−-]?\d[\d,]*(\.\d+)?/.exec(words);
    return number && number.index < 3 ? Number(number[0].replace("−", "-").replaceAll(",", "")) : words.toLowerCase();
  };
  const sort = (button) => {
    const head = button.closest("th"), table = head.closest("table"), body = table.tBodies[0];
    const column = Array.from(head.parentElement.children).indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = Array.from(body.rows, (row) => [value(row.cells[column]), Number(row.dataset.site), row]);
    rows.sort(([a, m], [b, n]) => {
      if (a === null || b === null) return (a === null) - (b === null) || m - n; // unknown is last either way
      const order = typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
      return (down ? -order : order) || m - n;
    });
    body.append(...rows.map(([, , row]) => row));
  };

  const ranked = document.querySelector("#ranked");
  ranked?.addEventListener("click", (event) => {
    const button = event.target.closest("button.sort"), row = event.target.closest("tbody tr");
    if (button) sort(button);
    else if (row && !event.target.closest("a")) choose(Number(row.dataset.site));
  });
  ranked?.addEventListener("keydown", (event) => {
    if (event.target.matches("tbody tr") && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      choose(Number(event.target.dataset.site));
    }
  });
  const opened = () => {
    const card = document.getElementById(location.hash.slice(1));
    if (card?.matches("details")) card.open = true;
  };
  addEventListener("hashchange", opened);
  opened();
  const every = document.getElementById("every-card");
  every?.addEventListener("click", () => {
    const cards = Array.from(document.querySelectorAll("details.card"));
    const open = cards.some((card) => !card.open);
    every.setAttribute("aria-pressed", String(open));
    for (const card of cards) card.open = open;
  });
  for (const box of document.querySelectorAll(".mapbox")) start(box);
})();
