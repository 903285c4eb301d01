// What the browser keeps between visits. It may refuse to: then nothing is kept.

const kPrefix = "glasstcp-lab-";

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(kPrefix + name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(kPrefix + name, value);
  } catch {
    // Storage is switched off.
  }
}
