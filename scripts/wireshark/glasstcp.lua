-- Wireshark shows what glasstcp says of each packet: fields for columns, display filters and I/O graphs.
--
-- `glasstcp serve --capture FILE` gives each packet a comment for programs, "glasstcp/1: key=value ..."; its keys and
-- units are in stack/README.md ("What an observer is told"). Each key is a field here, glasstcp.KEY. The profile
-- beside this file has columns, colours and buttons that use them.
--
-- A capture may come from anywhere, so the line is not trusted: what does not fit is left out, and said
-- (glasstcp.malformed). Runs in Lua 5.2 (Wireshark until 4.2) and 5.4 (from 4.4 on).
--
-- Reading order: the fields, reading a line, showing it.

local MARK = "glasstcp/1:"
local LONGEST_LINE, MOST_VALUES = 8192, 256 -- bytes of a line that are read, values that are shown

-- A second copy of this plugin (one installed, one given with -X lua_script) has nothing to add.
local is_first, glasstcp = pcall(Proto, "glasstcp", "glasstcp")
if not is_first then return end

-- The fields. "list": values with commas between them, each a value of its own. "number": 32 bits, "long": 64.

local FIELDS = {
  {"dir", "text", "Direction"},
  {"event", "list", "What it did"},
  {"reason", "text", "Why it was sent"},
  {"verdict", "text", "What became of it"},
  {"rfc", "text", "RFC#section"},
  {"class", "text", "Class of the packet"},
  {"state", "text", "Our state after it"},
  {"peer", "text", "Peer's state, inferred"},
  {"states", "list", "Change of state"},
  {"cause", "list", "Why it changed"},
  {"timer", "list", "Timer that caused it"},
  {"stream", "number", "Stream"},
  {"message", "list", "Part of a message"},
  {"seq", "number", "Sequence number, relative"},
  {"ack", "number", "Acknowledgment number, relative"},
  {"cwnd", "number", "Congestion window (bytes)"},
  {"ssthresh", "number", "Slow start threshold (bytes)"},
  {"flight", "number", "In flight (bytes)"},
  {"pipe", "number", "Pipe (bytes)"},
  {"sacked", "number", "SACKed (bytes)"},
  {"lost", "number", "Lost (bytes)"},
  {"srtt_us", "long", "Smoothed RTT (us)"},
  {"rto_us", "long", "Retransmission timeout (us)"},
  {"snd_wnd", "number", "Send window (bytes)"},
  {"rcv_wnd", "number", "Receive window (bytes)"},
  {"unsent", "number", "Not sent yet (bytes)"},
  {"unread", "number", "Not read yet (bytes)"},
  {"mss", "number", "Segment size (bytes)"},
  {"retransmissions", "number", "Retransmissions in a row"},
  {"gso", "number", "GSO segment size (bytes)"},
  {"checksum", "text", "Checksum"},
  {"now_ns", "long", "The stack's time (ns)"},
}

local form_of, field_of, all_fields = {}, {}, {}

local function declare(key, form, title)
  local make = form == "number" and ProtoField.uint32 or form == "long" and ProtoField.uint64
  local field = make and make("glasstcp." .. key, title, base.DEC) or ProtoField.string("glasstcp." .. key, title)
  field_of[key] = field
  all_fields[#all_fields + 1] = field
end

for _, row in ipairs(FIELDS) do
  form_of[row[1]] = row[2]
  declare(row[1], row[2], row[3])
end
declare("malformed", "text", "Not understood")
glasstcp.fields = all_fields

local comments_of = Field.new("frame.comment")

-- Reading a line.

-- Printable ASCII stays; another byte becomes \xNN.
local function printable(text)
  return (text:gsub("[^\32-\126]", function(byte) return string.format("\\x%02X", byte:byte()) end))
end

-- Percent-decoding (RFC 3986 section 2.1). A '%' without two hexadecimal digits stands for itself.
local function decoded(text)
  return printable((text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)))
end

-- The value of decimal digits below 2^32, or nil.
local function number_of(text)
  if not text:match("^%d+$") or #text > 10 then return nil end
  local value = tonumber(text)
  return value < 4294967296 and value or nil
end

-- The same below 10^19, as Wireshark's 64-bit number: Lua 5.2 has only floating point.
local function long_of(text)
  if not text:match("^%d+$") or #text > 19 then return nil end
  local high, low = text:sub(1, -10), text:sub(-9)
  return UInt64.new(tonumber(high) or 0) * UInt64.new(1000000000) + UInt64.new(tonumber(low))
end

-- The values of a key's text in its form: none if it is malformed.
local function values_of(form, text)
  local values = {}
  if form == "number" then
    values[1] = number_of(text)
  elseif form == "long" then
    values[1] = long_of(text)
  elseif form == "text" and text ~= "" then
    values[1] = decoded(text)
  elseif form == "list" then
    for part in text:gmatch("[^,]+") do values[#values + 1] = decoded(part) end
  end
  return values
end

-- A line without its mark: a list of {key, values}, and a list of the words that are not understood. A key that this
-- plugin does not know is a newer program's, and no fault. A key that comes twice counts once, but for lists.
local function read_line(line)
  local found, wrong, seen, count = {}, {}, {}, 0
  for word in line:sub(1, LONGEST_LINE):gmatch("%S+") do
    local key, text = word:match("^([%a_][%w_]*)=(.*)$")
    local form = key and form_of[key]
    local values = form and values_of(form, text) or {}
    local is_again = key and seen[key] and form ~= "list"
    count = count + math.max(1, #values)
    if count > MOST_VALUES then
      wrong[#wrong + 1] = "too many values"
      break
    elseif #values > 0 and not is_again then
      found[#found + 1] = {key, values}
      seen[key] = true
    elseif not key or form then
      wrong[#wrong + 1] = printable(word:sub(1, 60))
    end
  end
  if #line > LONGEST_LINE then wrong[#wrong + 1] = "longer than " .. LONGEST_LINE .. " bytes" end
  return found, wrong
end

-- Showing it.

local function show(line, tree)
  local found, wrong = read_line(line)
  local branch = tree:add(glasstcp)
  for _, entry in ipairs(found) do
    for _, value in ipairs(entry[2]) do branch:add(field_of[entry[1]], value):set_generated() end
  end
  for _, word in ipairs(wrong) do branch:add(field_of.malformed, word):set_generated() end
end

function glasstcp.dissector(_, _, tree)
  for _, comment in ipairs({comments_of()}) do
    local text = comment.value
    if type(text) == "string" and text:sub(1, #MARK) == MARK then
      show(text:sub(#MARK + 1), tree)
      return -- one line for each packet
    end
  end
end

register_postdissector(glasstcp)
if set_plugin_info then
  set_plugin_info({version = "1", description = "What glasstcp says of each packet", author = "glasstcp"})
end
