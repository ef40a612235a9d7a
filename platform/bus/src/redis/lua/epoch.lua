-- ARGV: a name for a new epoch, should there be none. Returns the epoch.
call('SET', P .. 'epoch', ARGV[1], 'NX')
return epoch()
