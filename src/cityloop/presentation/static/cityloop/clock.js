// Keeps the city's time in the top bar correct: the server's moment plus the time since the page was rendered.

const face = document.querySelector("[is-city-clock]");
if (face) {
  const [, date, hours, minutes] = face.textContent.match(/(\S+) (\d+):(\d+)/);
  const start = Date.parse(`${date}T${hours}:${minutes}:00Z`) + secondsOf(face.dateTime) * 1000;
  const drawn = performance.now();
  setInterval(() => {
    // The wall clock is handled as if it were UTC, so that the browser's own time zone plays no part.
    const wall = new Date(start + performance.now() - drawn).toISOString();
    face.textContent = `${wall.slice(0, 10)} ${wall.slice(11, 16)}`;
  }, 5000);
}

function secondsOf(moment) {
  return Number(moment.slice(17, 19)) || 0;
}
