-- Returns deliveries under way, and dead letters.
local waiting = 0
for _, consumer in ipairs(call('SMEMBERS', P .. 'consumers')) do
  waiting = waiting + call('XLEN', stream(consumer))
end
return { waiting, call('ZCARD', P .. 'dead') }
