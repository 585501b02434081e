// Photos chosen one after another add up, are shown small, and can be removed before they are sent.

const chosen = new WeakMap(); // file field → its files

document.addEventListener("change", (event) => {
  const field = event.target;
  const box = field.type === "file" && field.closest("[data-photos]");
  if (!box) return;
  const most = Number(box.dataset.mostBytes);
  const tooLarge = [...field.files].filter((file) => file.size > most);
  const right = [...field.files].filter((file) => file.size <= most);
  keep(box, field, withoutDoubles([...(chosen.get(field) ?? []), ...right]));
  if (tooLarge.length) tell(box, `${tooLarge.map((file) => file.name).join(", ")}: ${box.dataset.tooLarge}`);
});

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-photos]");
  const field = box?.querySelector("input[type=file]");
  if (event.target.closest("[data-takes-photo]")) takePhoto(field);
  const dropped = event.target.closest("[data-drops-photo]")?.closest("li");
  if (!dropped) return;
  keep(box, field, chosen.get(field).filter((_, place) => place !== Number(dropped.dataset.place)));
  field.focus();
});

function withoutDoubles(files) {
  const known = new Map(files.map((file) => [`${file.name}/${file.size}/${file.lastModified}`, file]));
  return [...known.values()];
}

function keep(box, field, files) {
  const held = new DataTransfer();
  for (const file of files) held.items.add(file);
  field.files = held.files;
  chosen.set(field, files);
  const list = box.querySelector("ul");
  for (const item of list.querySelectorAll("[data-place]")) item.remove();
  files.forEach((file, place) => list.append(shown(box, file, place)));
  tell(box, "");
}

function shown(box, file, place) {
  const item = box.querySelector("template").content.firstElementChild.cloneNode(true);
  item.dataset.place = place;
  item.querySelector("span").textContent = file.name;
  draw(item.querySelector("canvas"), file);
  return item;
}

// Drawn on a canvas: a blob URL would have to be allowed by the policy of every page.
async function draw(canvas, file) {
  try {
    const picture = await createImageBitmap(file);
    const side = Math.min(picture.width, picture.height);
    const [left, top] = [(picture.width - side) / 2, (picture.height - side) / 2];
    canvas.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, canvas.width, canvas.height);
    picture.close();
  } catch {
    canvas.remove(); // not an image that this browser can read; the server says what it is
  }
}

function tell(box, words) {
  const count = box.querySelectorAll("li").length;
  box.querySelector("[role=status]").textContent = words || (count ? `${box.dataset.count} ${count}` : "");
}

// The camera first, on devices that have one; the field itself offers photos taken before.
function takePhoto(field) {
  field.setAttribute("capture", "environment");
  field.click();
  field.removeAttribute("capture");
}

// The browser's own button is in the browser's language and counts only the last choice.
function showWays() {
  const inHand = matchMedia("(pointer: coarse)").matches;
  for (const box of document.querySelectorAll("[data-photos]")) {
    box.classList.add("is-scripted");
    box.querySelector("[data-takes-photo]").hidden = !inHand;
  }
}

document.addEventListener("htmx:after:swap", showWays);
showWays();
