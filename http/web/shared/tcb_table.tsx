// Both transmission control blocks side by side, in the RFCs' names; what the last moment changed is
// marked, and says what it was before.
import type { History, Position } from "./history";
import { numberText, timeText } from "./format";
import { placeOf } from "./tables";
import { useTexts } from "./texts";
import type { Side, Tcb } from "./types";

type Form = "sent" | "received" | "bytes" | "time" | "count" | "raw";
interface Variable {
  name: string;
  key: string;
  form: Form;
  rfc: string;
}

export const kVariables: (Variable | null)[] = [
  { name: "SND.UNA", key: "snd_una", form: "sent", rfc: "RFC 9293 §3.3.1" },
  { name: "SND.NXT", key: "snd_nxt", form: "sent", rfc: "RFC 9293 §3.3.1" },
  { name: "SND.WND", key: "snd_wnd", form: "bytes", rfc: "RFC 9293 §3.3.1" },
  { name: "SND.WL1", key: "snd_wl1", form: "received", rfc: "RFC 9293 §3.3.1" },
  { name: "SND.WL2", key: "snd_wl2", form: "sent", rfc: "RFC 9293 §3.3.1" },
  { name: "ISS", key: "iss", form: "raw", rfc: "RFC 9293 §3.3.1" },
  null,
  { name: "RCV.NXT", key: "rcv_nxt", form: "received", rfc: "RFC 9293 §3.3.1" },
  { name: "RCV.WND", key: "rcv_wnd", form: "bytes", rfc: "RFC 9293 §3.3.1" },
  { name: "IRS", key: "irs", form: "raw", rfc: "RFC 9293 §3.3.1" },
  null,
  { name: "cwnd", key: "cwnd", form: "bytes", rfc: "RFC 5681 §2" },
  { name: "ssthresh", key: "ssthresh", form: "bytes", rfc: "RFC 5681 §2" },
  { name: "FlightSize", key: "flight", form: "bytes", rfc: "RFC 5681 §2" },
  { name: "pipe", key: "pipe", form: "bytes", rfc: "RFC 6675 §2" },
  { name: "SACKed", key: "sacked", form: "bytes", rfc: "RFC 2018" },
  { name: "lost", key: "lost", form: "bytes", rfc: "RFC 6675" },
  { name: "SMSS", key: "mss", form: "bytes", rfc: "RFC 5681 §2" },
  null,
  { name: "SRTT", key: "srtt", form: "time", rfc: "RFC 6298 §2" },
  { name: "RTTVAR", key: "rttvar", form: "time", rfc: "RFC 6298 §2" },
  { name: "RTO", key: "rto", form: "time", rfc: "RFC 6298 §2" },
  null,
  { name: "unsent", key: "unsent", form: "bytes", rfc: "" },
  { name: "unread", key: "unread", form: "bytes", rfc: "" },
  { name: "dupacks", key: "duplicates", form: "count", rfc: "RFC 5681 §2" },
  { name: "retries", key: "retries", form: "count", rfc: "RFC 6298 §5" },
];

const kBoth: Side[] = [0, 1];

function numberOf(tcb: Tcb, key: string): number {
  return Number(tcb[placeOf(key)] ?? 0);
}

/// The variable as it is shown; numbers of a sequence count from its beginning.
export function valueText(tcb: Tcb, variable: Variable): string {
  const value = numberOf(tcb, variable.key);
  switch (variable.form) {
    case "sent":
      return numberText((value - numberOf(tcb, "iss")) >>> 0);
    case "received":
      return numberOf(tcb, "irs") === 0 ? "–" : numberText((value - numberOf(tcb, "irs")) >>> 0);
    case "time":
      return value === 0 ? "–" : timeText(value * 1000);
    case "raw":
      return value === 0 ? "–" : String(value);
    case "bytes":
      return value === 0xffffffff ? "∞" : numberText(value);
    case "count":
      return String(value);
  }
}

interface Props {
  history: History;
  position: Position;
  connection: number;
  /// Whose are known.
  sides?: Side[];
  /// By side: places that are to be lit.
  lit?: [ReadonlySet<number>, ReadonlySet<number>];
  /// A variable of a side is chosen.
  onVariable?: (side: Side, key: string) => void;
}

export function TcbTable({ history, position, connection, sides = kBoth, lit, onVariable }: Props) {
  const t = useTexts();
  const isSingle = sides.length === 1;
  const ends = sides.map((side) => {
    const found = history.tcbOf(side, connection, position.index);
    const state = history.stateOf(side, connection, position.index);
    const isGone = state === "CLOSED" || state === "LISTEN";
    return { ...found, state, now: isGone ? null : found.now, isNew: found.at === position.index - 1 };
  });
  return (
    <table class="tcb">
      <thead>
        <tr>
          <th scope="col">{t("variable")}</th>
          {sides.map((side) => (
            <th scope="col" key={side}>
              {t(side === 0 ? "client" : "server")}
            </th>
          ))}
          {isSingle && <th scope="col">RFC</th>}
        </tr>
      </thead>
      <tbody>
        <tr class="state-row">
          <th scope="row">STATE</th>
          {ends.map(({ state }, side) => (
            <td key={side}>
              <b>{state}</b>
            </td>
          ))}
          {isSingle && <td class="rfc">9293 §3.3.2</td>}
        </tr>
        {kVariables.map((variable, i) =>
          variable === null ? null : (
            <tr key={variable.key} class={kVariables[i - 1] === null ? "group" : ""}>
              <th scope="row" title={variable.rfc}>
                {variable.name}
              </th>
              {ends.map((end, i) => {
                const side = sides[i]!;
                if (!end.now) return <td key={side}>–</td>;
                const text = valueText(end.now, variable);
                const before = end.before ? valueText(end.before, variable) : "";
                const isChanged = end.isNew && end.before !== null && before !== text;
                const isPicked = lit?.[side].has(placeOf(variable.key));
                return (
                  <td key={side} class={`${isChanged ? "changed" : ""}${isPicked ? " picked" : ""}`}>
                    {isChanged && <s>{before}</s>}{" "}
                    {onVariable ? (
                      <button
                        type="button"
                        title={t("whatChangedIt")}
                        aria-label={`${variable.name} ${text}: ${t("whatChangedIt")}`}
                        onClick={() => onVariable(side, variable.key)}
                      >
                        {text}
                      </button>
                    ) : (
                      text
                    )}
                  </td>
                );
              })}
              {isSingle && <td class="rfc">{variable.rfc.replace("RFC ", "")}</td>}
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
