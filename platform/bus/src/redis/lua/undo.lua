-- ARGV: consumer, token of a claim whose answer was lost. Gives its leases back.
local consumer = ARGV[1]
local key = place(consumer, 'claim:' .. ARGV[2])
local taken = call('LRANGE', key, 0, -1)
for i = 1, #taken, 2 do
  local subject = call('HGET', message(taken[i + 1]), 'subject')
  if subject then give_back(consumer, taken[i], subject) end
end
call('DEL', key)
return 1
