// Congestion experienced (RFC 3168): a router says so of a packet instead of dropping it.
import type { Row } from "./types";

/// The codepoint of both ECN bits.
const kCongestionExperienced = 3;

/// Whether a router marked it: the lab knows it of the link, an end sees it in what arrives.
export function isMarked(row: Row): boolean {
  return row.marked === 1 || row.ecn === kCongestionExperienced;
}
