#!lua
-- Applies a unit of work if nothing it was decided on has changed since; all of it, or nothing.
-- KEYS: the mark of this commit; then every key that is checked or changed (they share one hash tag).
-- ARGV: the last moment at which it may be applied, in microseconds of this server's clock: whoever sent it has given up by
--       then, so what was stuck in a queue must not happen after all; how long its mark is kept, in milliseconds;
--       the number of checks; for each: kind, key, field, whether it is there ("1" or "0"), value;
--       then for each effect: the number of its words, and the words of a command.
-- Returns 0 when it was applied, now or by an earlier try; -1 when it came too late; else the number of the first check that
-- failed. The first line makes Redis refuse the whole script beforehand when memory is used up or the disk fails.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local time = redis.call('TIME')
if tonumber(time[1]) * 1000000 + tonumber(time[2]) > tonumber(ARGV[1]) then return -1 end
local at = 4
for check = 1, tonumber(ARGV[3]) do
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
local changes = at <= #ARGV
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
if changes then redis.call('SET', KEYS[1], '1', 'PX', ARGV[2]) end
return 0
