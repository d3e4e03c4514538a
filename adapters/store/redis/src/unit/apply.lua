-- Applies a unit of work if nothing it was decided on has changed since; all of it, or nothing.
-- KEYS: every key that is checked or changed (they share one hash tag).
-- ARGV: the number of checks; for each: kind, key, field, whether it is there ("1" or "0"), value;
--       then for each effect: the number of its words, and the words of a command.
-- Returns 0 when it was applied, else the number of the first check that failed.
local at = 2
for check = 1, tonumber(ARGV[1]) do
  local kind, key, field, there, value = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  at = at + 5
  if kind == 'below' then
    -- A sorted set has fewer members than so many.
    if redis.call('ZCARD', key) >= tonumber(value) then return check end
  else
    local found
    if kind == 'field' then found = redis.call('HGET', key, field) else found = redis.call('GET', key) end
    if there == '1' then
      if found ~= value then return check end
    elseif found then
      return check
    end
  end
end
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
return 0
