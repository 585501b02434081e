// The look of the map as MapLibre reads it: the quiet base and the layers above it, in the colours of the page's theme.

import { patternName, shapeName, TONES } from "./map-marks.js";

const POLYGONS = ["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]];
const POINTS = ["in", ["geometry-type"], ["literal", ["Point", "MultiPoint"]]];
const SEEN_FROM = { street: 10.5, community: 13 }; // zoom, as they are loaded
const STRIPS = { district: 1.6, street: 1, community: 0.7, unit_grid: 0.5 };

/** Return the colours in force around an element, as the renderer takes them: light-dark() and var() resolved. */
export function paletteAt(element) {
  const probe = element.appendChild(document.createElement("span"));
  probe.hidden = true;
  const named = (name) => {
    probe.style.color = `var(--map-${name})`;
    return getComputedStyle(probe).color;
  };
  const names = [...TONES, "water", "land", "edge", "ink", "halo", "chosen"];
  const palette = Object.fromEntries(names.map((name) => [name, named(name)]));
  palette.isDark = getComputedStyle(element).colorScheme === "dark" || document.documentElement.dataset.bsTheme === "dark";
  probe.remove();
  return palette;
}

/** Return the families that words are written in; the map draws its letters from the reader's own fonts. */
export function fontsAt(element) {
  return getComputedStyle(element).fontFamily.split(",").map((family) => family.trim().replaceAll('"', ""));
}

export const look = (given = {}) => ({ tone: "blue", pattern: "plain", shape: "circle", ...given });

/** Return the background and, where the city chose some, its tiles. */
export function ground(palette, tiles) {
  const paint = { "raster-saturation": -0.5, "raster-opacity": 0.85, "raster-brightness-max": palette.isDark ? 0.55 : 1 };
  const background = { id: "ground", type: "background", paint: { "background-color": palette.water } };
  return tiles ? [background, { id: "tiles", type: "raster", source: "tiles", paint }] : [background];
}

/** Return the layers of one level of the city's own areas. */
export function baseLayers(palette, fonts, level, isGround) {
  const source = `base-${level}`;
  const minzoom = isGround ? 0 : (SEEN_FROM[level] ?? 0);
  const land = { id: `${source}-land`, type: "fill", source, minzoom, paint: { "fill-color": palette.land } };
  const edge = {
    id: `${source}-edge`, type: "line", source, minzoom,
    paint: { "line-color": palette.edge, "line-width": STRIPS[level] ?? 0.8 },
  };
  const words = wordsLayer(`${source}-words`, `${source}-points`, "name", palette, fonts, isGround ? 13 : 11);
  return isGround ? [land, edge, { ...words, minzoom }] : [edge, { ...words, minzoom: minzoom + 0.5 }];
}

/** Return the layers that show what one layer of the page contains. */
export function dataLayers(palette, fonts, id, layer) {
  const area = chosenBy(layer, (one) => patternName(one.tone, one.pattern));
  const colour = chosenBy(layer, (one) => palette[one.tone]);
  const width = chosenBy(layer, (one) => (one.pattern === "outline" ? 3 : 1.2));
  const mark = chosenBy(layer, (one) => shapeName(one.tone, one.shape));
  const layers = [
    { id: `${id}-fill`, type: "fill", source: id, filter: POLYGONS, paint: { "fill-pattern": area } },
    { id: `${id}-line`, type: "line", source: id, filter: ["!", POINTS], paint: { "line-color": colour, "line-width": width } },
    {
      id: `${id}-mark`, type: "symbol", source: id, filter: ["all", POINTS, ["!", ["has", "point_count"]]],
      layout: { "icon-image": mark, "icon-allow-overlap": true, "icon-ignore-placement": true },
    },
  ];
  if (layer.cluster) layers.push(...clusterLayers(id, palette, fonts));
  if (layer.label) layers.push(wordsLayer(`${id}-words`, `${id}-points`, layer.label, palette, fonts, 12));
  return layers;
}

/** Return the layers that raise the one chosen feature above the others. */
export function chosenLayers(palette) {
  const line = { "line-color": palette.chosen, "line-width": 3 };
  const ring = { "circle-color": "transparent", "circle-radius": 12, "circle-stroke-color": palette.chosen, "circle-stroke-width": 3 };
  return [
    { id: "chosen-line", type: "line", source: "chosen", filter: ["!", POINTS], paint: line },
    { id: "chosen-ring", type: "circle", source: "chosen", filter: POINTS, paint: ring },
  ];
}

function clusterLayers(id, palette, fonts) {
  const gathered = ["has", "point_count"];
  const radius = ["step", ["get", "point_count"], 14, 50, 18, 500, 24];
  const paint = { "circle-color": palette.blue, "circle-radius": radius, "circle-stroke-color": palette.halo, "circle-stroke-width": 2 };
  const words = wordsLayer(`${id}-count`, id, "point_count_abbreviated", { ink: palette.halo, halo: "transparent" }, fonts, 12);
  words.layout["text-allow-overlap"] = true;
  return [
    { id: `${id}-heap`, type: "circle", source: id, filter: gathered, paint },
    { ...words, filter: gathered },
  ];
}

function wordsLayer(id, source, property, palette, fonts, size) {
  const layout = {
    "text-field": ["to-string", ["get", property]], "text-font": fonts, "text-size": size, "text-max-width": 8,
    "text-variable-anchor-offset": ["center", [0, 0], "top", [0, 1], "bottom", [0, -1]],
  };
  return { id, type: "symbol", source, layout, paint: { "text-color": palette.ink, "text-halo-color": palette.halo, "text-halo-width": 1.4 } };
}

// "*" is the look of every value without its own.
function chosenBy(layer, of) {
  const other = of(look(layer.by ? (layer.looks?.["*"] ?? { tone: "grey" }) : layer.look));
  const named = Object.entries(layer.by ? (layer.looks ?? {}) : {}).filter(([value]) => value !== "*");
  if (!named.length) return other;
  return ["match", ["to-string", ["get", layer.by]], ...named.flatMap(([value, given]) => [value, of(look(given))]), other];
}
