// The tables of the stack, as the engine told them when the page was built.
import type { Catalogue, Explained, ReasonClass, Tables } from "./types";

declare const BUILT_TABLES: Tables;
declare const BUILT_CATALOGUE: Catalogue;

export const tables: Tables = BUILT_TABLES;
export const catalogue: Catalogue = BUILT_CATALOGUE;

const byKey = new Map(tables.classes.map((row) => [row.key, row]));
const unknown: ReasonClass = { key: "not-tcp", en: "", zh: "", mark: "·", light: "", dark: "", dash: "" };

export function classNamed(key: string | undefined): ReasonClass {
  return byKey.get(key ?? "") ?? byKey.get("not-tcp") ?? unknown;
}

const explained = new Map(tables.sentences.map((row) => [row.key, row]));

/// What a reason or a verdict means.
export function sentenceNamed(key: string): Explained | undefined {
  return explained.get(key);
}

const tcbIndex = new Map(tables.tcb.map((name, index) => [name, index]));

/// The place of a variable in a TCB.
export function placeOf(name: string): number {
  return tcbIndex.get(name) ?? -1;
}
