// What every picture that leaves the page has: text of its own, on white, for documents and print.
import type { Language } from "../shared/types";

export const kInk = "#14203a";
export const kSoft = "#47546f";
export const kRule = "#b6c2d6";

/// Text that may stand in XML.
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

export interface Picture {
  title: string;
  width: number;
  height: number;
  spoken: Language;
  body: string[];
}

export function svgOf({ title, width, height, spoken, body }: Picture): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" lang="${spoken}" role="img">
<title>${escaped(title)}</title>
<style>text{font:13px system-ui,"Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif;fill:${kInk}}.m{font-family:ui-monospace,"DejaVu Sans Mono",Consolas,monospace;font-size:12px}.soft{fill:${kSoft};font-size:12px}.b{font-weight:700}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="24" y="30" style="font-size:17px;font-weight:700">${escaped(title)}</text>
${body.join("\n")}
</svg>
`;
}
