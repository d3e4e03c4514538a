#!lua
-- Moves jobs whose moment has come to where they are leased from. An index follows another here: nothing is decided.
-- KEYS: later; ready of priority 0, 1 and 2. ARGV: the moment it is, in microseconds. A member of later is RANK:ACCEPTED:ID.
local due = redis.call('ZRANGE', KEYS[1], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, 500)
for _, member in ipairs(due) do
  local rank, accepted, id = string.match(member, '^(%d):(%-?%d+):(%x+)$')
  redis.call('ZREM', KEYS[1], member)
  if rank then redis.call('ZADD', KEYS[2 + tonumber(rank)], accepted, id) end
end
return #due
