// A connection in a few sentences: how it was opened, what was asked and answered, what was sent
// twice, and when the last byte was acknowledged. Of what was not seen nothing is said.
import { timeText } from "../shared/format";
import type { History } from "../shared/history";
import { placeOf } from "../shared/tables";
import type { Language, Row } from "../shared/types";
import { bytesText } from "./amounts";
import type { Connection } from "./feed";
import type { LiveHistory } from "./live_history";
import { wordIn, type Word } from "./words";

const kSyn = 2;
type Say = (word: Word, values?: Record<string, string | number>) => string;

/// `totals`: what the server counted of it, for what was not told packet by packet.
export function summaryOf(
  live: LiveHistory,
  totals: Pick<Connection, "request" | "sent" | "retransmissions" | "srtt"> | null,
  spoken: Language,
): string[] {
  const { history, isWhole } = live;
  const request = totals?.request ?? "";
  const packets = history.rows.filter((row) => row.kind === 0);
  const say: Say = (word, values) => wordIn(spoken, word, values);
  const sentences: string[] = [];
  const shake = live.numberOf(0) === 0 && live.dropped === 0 ? handshakeOf(packets) : -1;
  if (shake >= 0) sentences.push(say("sumHandshake", { time: timeText(shake) }));
  if (isWhole) {
    const asked = packets.find((row) => row.side === 0 && (row.len ?? 0) > 0);
    if (asked && request) sentences.push(say("sumRequest", { request, time: timeText(asked.at) }));
    else if (asked) sentences.push(say("sumRequestUnnamed", { time: timeText(asked.at) }));
  }
  return [...sentences, ...(isWhole ? answerOf(history, packets, say) : totalsOf(totals, packets, say))];
}

/// Where not every packet was told.
function totalsOf(totals: Parameters<typeof summaryOf>[1], packets: Row[], say: Say): string[] {
  if (!totals) return [];
  const sentences = [say("sumSent", { bytes: bytesText(totals.sent) })];
  const seen = sentAgain(packets.filter((row) => row.side === 1 && (row.len ?? 0) > 0)).length;
  const n = Math.max(totals.retransmissions ?? 0, seen);
  sentences.push(n === 0 ? say("sumNoLoss") : say(n === 1 ? "sumAgainOne" : "sumAgain", { n }));
  if (totals.srtt > 0) sentences.push(say("sumRtt", { time: timeText(totals.srtt * 1000) }));
  return sentences;
}

/// From the SYN to the first packet of the peer behind our SYN-ACK, in ns; -1: not seen.
function handshakeOf(packets: Row[]): number {
  const syn = packets.find((row) => row.side === 0 && (row.flags ?? 0) & kSyn);
  const answer = packets.findIndex((row) => row.side === 1 && (row.flags ?? 0) & kSyn);
  const ack = answer < 0 ? undefined : packets.slice(answer).find((row) => row.side === 0);
  return syn && ack ? ack.at - syn.at : -1;
}

/// Those whose bytes had all left before.
function sentAgain(ours: Row[]): Row[] {
  let end = 0;
  return ours.filter((row) => {
    const isOld = row.seq! + row.len! <= end;
    end = Math.max(end, row.seq! + row.len!);
    return isOld;
  });
}

function answerOf(history: History, packets: Row[], say: Say): string[] {
  const ours = packets.filter((row) => row.side === 1 && (row.len ?? 0) > 0);
  if (ours.length === 0) return [];
  const sentences: string[] = [];
  const ends = ours.map((row) => row.seq! + row.len!);
  const begin = Math.min(...ours.map((row) => row.seq!));
  const end = Math.max(...ends);
  sentences.push(
    say("sumAnswer", {
      bytes: bytesText(end - begin),
      n: ours.length,
      from: timeText(ours[0]!.at),
      to: timeText(ours.at(-1)!.at),
    }),
  );
  const again = sentAgain(ours);
  const why = [...new Set(again.map((row) => row.reason).filter(Boolean))].join(", ");
  sentences.push(
    again.length === 0
      ? say("sumNoLoss")
      : say(again.length === 1 ? "sumLossOne" : "sumLoss", { n: again.length, why }),
  );
  const acked = packets.find((row) => row.side === 0 && (row.ack ?? 0) >= end);
  if (acked) sentences.push(say("sumAcked", { time: timeText(acked.at) }));
  const srtt = Number(history.tcbOf(1, 1, history.moments.length).now?.[placeOf("srtt")] ?? 0);
  if (srtt > 0) sentences.push(say("sumRtt", { time: timeText(srtt * 1000) }));
  return sentences;
}
