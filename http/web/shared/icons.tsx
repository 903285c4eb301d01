// The few pictures of buttons, drawn in the colour of their text.

const kPaths = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  start: "M5 5h2.5v14H5zM19 5v14L8.5 12z",
  end: "M16.5 5H19v14h-2.5zM5 5v14l10.5-7z",
  back: "M15.5 5v14L6 12z",
  step: "M8.5 5v14L18 12z",
  down: "M6 9l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  dice: "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
  share: "M12 15V4M8 7.5L12 4l4 3.5M5 13v6h14v-6",
  sliders: "M5 8h6M15 8h4M5 16h3M12 16h7M13 6v4M10 14v4",
  compare: "M4 5h6v14H4zM14 5h6v14h-6z",
  light:
    "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2.5V5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3L7 7M17 17l1.7 1.7M5.3 18.7L7 17M17 7l1.7-1.7",
  dark: "M20 14.5A8.5 8.5 0 119.5 4a7 7 0 0010.5 10.5z",
  auto: "M12 3.5a8.5 8.5 0 100 17zM12 3.5a8.5 8.5 0 010 17",
  quiz: "M9 9a3 3 0 114.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.6v.4M12 3a9 9 0 100 18 9 9 0 000-18z",
} as const;

const kSolid = new Set<string>(["play", "pause", "start", "end", "back", "step"]);

export type IconName = keyof typeof kPaths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      class={`icon${kSolid.has(name) ? " solid" : ""}`}
      viewBox="0 0 24 24"
      width="20"
      height="20"
      aria-hidden="true"
    >
      <path d={kPaths[name]} />
    </svg>
  );
}
