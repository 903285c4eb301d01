// The spot that an address names: #c=ID&p=ROW, or #last.
export interface Place {
  /// 0: none.
  connection: number;
  row: number;
  isLast: boolean;
}

export const kNowhere: Place = { connection: 0, row: -1, isLast: false };

function numberOf(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
}

export function placeOf(fragment: string): Place {
  const text = fragment.replace(/^#/, "");
  if (text === "last") return { ...kNowhere, isLast: true };
  const query = new URLSearchParams(text);
  const connection = numberOf(query.get("c"), 0);
  return { connection, row: connection > 0 ? numberOf(query.get("p"), -1) : -1, isLast: false };
}

export function fragmentOf(place: Place): string {
  if (place.isLast && place.row < 0) return "#last";
  if (place.connection === 0) return "";
  return `#c=${place.connection}${place.row < 0 ? "" : `&p=${place.row}`}`;
}
