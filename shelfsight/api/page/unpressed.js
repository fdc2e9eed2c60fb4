// What is pressed stays as it is: a click needs what it began on, where it began.

const ENDS = ["pointerup", "pointercancel", "keyup", "contextmenu", "blur"];

// Gives what runs `draw` at once, or, while something in `place` is pressed, when it was let go.
export function unpressed(place) {
  const waiting = [];
  let pressed = false;
  const letGo = () => {
    pressed = false;
    for (const draw of waiting.splice(0)) draw();
  };
  place.addEventListener("pointerdown", ({ button }) => (pressed ||= button === 0));
  place.addEventListener("keydown", ({ key }) => (pressed ||= key === " "));
  for (const end of ENDS) addEventListener(end, () => pressed && setTimeout(letGo)); // the click comes first
  return (draw) => (pressed ? waiting.push(draw) : draw());
}
