// A connection in a few sentences: how it was opened, what was asked and answered, what was sent
// twice, and when the last byte was acknowledged. Of what was not seen nothing is said.
import { timeText } from "../shared/format";
import type { History } from "../shared/history";
import { placeOf } from "../shared/tables";
import type { Language, Row } from "../shared/types";
import { bytesText } from "./amounts";
import { wordIn, type Word } from "./words";

const kSyn = 2;
type Say = (word: Word, values?: Record<string, string | number>) => string;

export function summaryOf(history: History, request: string, isWhole: boolean, spoken: Language): string[] {
  const packets = history.rows.filter((row) => row.kind === 0);
  const say: Say = (word, values) => wordIn(spoken, word, values);
  const sentences: string[] = [];
  if (isWhole) {
    const shake = handshakeOf(packets);
    if (shake >= 0) sentences.push(say("sumHandshake", { time: timeText(shake) }));
    const asked = packets.find((row) => row.side === 0 && (row.len ?? 0) > 0);
    if (asked && request) sentences.push(say("sumRequest", { request, time: timeText(asked.at) }));
    else if (asked) sentences.push(say("sumRequestUnnamed", { time: timeText(asked.at) }));
  }
  return [...sentences, ...answerOf(history, packets, say)];
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
  sentences.push(again.length === 0 ? say("sumNoLoss") : say("sumLoss", { n: again.length, why }));
  const acked = packets.find((row) => row.side === 0 && (row.ack ?? 0) >= end);
  if (acked) sentences.push(say("sumAcked", { time: timeText(acked.at) }));
  const srtt = Number(history.tcbOf(1, 1, history.moments.length).now?.[placeOf("srtt")] ?? 0);
  if (srtt > 0) sentences.push(say("sumRtt", { time: timeText(srtt * 1000) }));
  return sentences;
}
