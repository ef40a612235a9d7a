-- ARGV: the epoch, then events that were published in it. Returns those that all consumers have
-- handled, or nothing when it is another epoch.
if epoch() ~= ARGV[1] then return false end
local handled = {}
for i = 2, #ARGV do
  if call('EXISTS', message(ARGV[i])) == 0 then handled[#handled + 1] = ARGV[i] end
end
return handled
