// The legend under the map: every look with its words, areas and points as they are drawn.

import { swatch } from "./map-marks.js";
import { look } from "./map-style.js";

/** Return the legend of layers; a layer without a title is left out. */
export function legend(palette, layers) {
  const list = document.createElement("ul");
  list.className = "cl-map-legend";
  for (const layer of layers) for (const [title, given] of rows(layer)) list.append(row(palette, title, given, isPoint(layer, given)));
  return list;
}

function rows(layer) {
  if (layer.by) return Object.values(layer.looks ?? {}).filter(({ title }) => title).map((given) => [given.title, given]);
  return layer.title ? [[layer.title, layer.look]] : [];
}

const isPoint = (layer, given) => Boolean(given?.shape) || (layer.cluster ?? false);

function row(palette, title, given, pointed) {
  const item = document.createElement("li");
  item.append(swatch(palette, look(given), pointed), title);
  return item;
}
