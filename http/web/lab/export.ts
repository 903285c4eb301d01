// Files that leave the page: a capture for Wireshark, the ladder as a picture, a link.
import { language } from "../shared/texts";
import type { Side } from "../shared/types";
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

/// Text that may stand in XML.
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

export function exportSvg(store: Store, svg: string): void {
  save(`${baseName(store)}-${language.value}.svg`, new Blob([svg], { type: "image/svg+xml" }));
}

/// At twice its size, so that it stays sharp in print.
export async function exportPng(store: Store, svg: string): Promise<void> {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  // What all browsers draw at once.
  const scale = Math.min(2, 16_000 / picture.height);
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const content = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (content) save(`${baseName(store)}-${language.value}.png`, content);
}
