// Files that leave the page: a capture for Wireshark, and each figure as a picture.
import { language, textIn, type TextKey } from "../shared/texts";
import type { Side } from "../shared/types";
import { graphSvg } from "./graph_svg";
import { ladderSvg } from "./ladder_svg";
import { statesSvg } from "./states_svg";
import type { Store } from "./store";

function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function baseName(store: Store): string {
  const { name, seed } = store.run.value.spec;
  return `${name}-seed${seed}`;
}

export async function exportCapture(store: Store, side: Side): Promise<void> {
  const bytes = await store.capture(side);
  if (!bytes) return;
  const content = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/x-pcapng" });
  save(`${baseName(store)}-${side === 0 ? "client" : "server"}.pcapng`, content);
}

/// The figures that leave the page as pictures.
export const kFigures = ["ladder", "states", "windows", "sequence", "roundTrips"] as const;
export type FigureName = (typeof kFigures)[number];

export const kFigureTitles: Record<FigureName, TextKey> = {
  ladder: "ladder",
  states: "states",
  windows: "graphWindow",
  sequence: "graphSeq",
  roundTrips: "graphRtt",
};

/// A figure of the run that is seen: states as they are at the position, all others of the whole run.
export function svgOfFigure(store: Store, name: FigureName, scenarioTitle: string): string {
  const { history, scenario } = store.run.value;
  const spoken = language.value;
  const connection = store.connection.value;
  const title = `${scenarioTitle} · ${textIn(spoken, kFigureTitles[name])}`;
  if (name === "ladder") return ladderSvg(history, scenarioTitle, spoken);
  if (name === "states") return statesSvg(history, connection, store.position.value.index, title, spoken);
  return graphSvg(
    history,
    { name, side: store.graphSide.value ?? scenario?.watched ?? 0, connection },
    title,
    spoken,
  );
}

function nameOf(store: Store, figure: FigureName, ending: string): string {
  return `${baseName(store)}${figure === "ladder" ? "" : `-${figure}`}-${language.value}.${ending}`;
}

export function exportSvg(store: Store, figure: FigureName, title: string): void {
  const svg = svgOfFigure(store, figure, title);
  save(nameOf(store, figure, "svg"), new Blob([svg], { type: "image/svg+xml" }));
}

/// At twice its size, so that it stays sharp in print.
export async function exportPng(store: Store, figure: FigureName, title: string): Promise<void> {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgOfFigure(store, figure, title))}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  // What all browsers draw at once.
  const scale = Math.min(2, 16_000 / picture.height);
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const content = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (content) save(nameOf(store, figure, "png"), content);
}
