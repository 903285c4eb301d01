-- Stands for Wireshark, so that the plugin runs in any Lua: what it would show is printed.
--
-- usage: lua wireshark_stub.lua PLUGIN <LINES
-- Each line of stdin is the comment of one packet; for each there is a line of "field=value", separated by tabs.

local comment, shown = nil, {}

local function new_field(name) return name end
ProtoField = {string = new_field, uint32 = new_field, uint64 = new_field}
base = {DEC = 1}
UInt64 = {new = function(value) return value end}
Field = {new = function() return function() return {value = comment} end end}
Proto = function() return {} end

local tree = {}
function tree:add(field, value)
  if type(field) == "string" then
    shown[#shown + 1] = field .. "=" .. (type(value) == "number" and string.format("%d", value) or value)
  end
  return self
end
function tree:set_generated() return self end

local plugin
register_postdissector = function(proto) plugin = proto end
dofile(arg[1])
for line in io.lines() do
  comment, shown = line, {}
  plugin.dissector(nil, nil, tree)
  print(table.concat(shown, "\t"))
end
