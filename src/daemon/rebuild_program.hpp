#pragma once
// `maild --rebuild-shard`, which `mailctl store rebuild` starts: makes the meta.db of a shard anew
// while the daemon is stopped. Holds the daemon's lock, so that none can start meanwhile, and works
// as the store's user in the store's sandbox, so that every file is its own afterwards. Says what
// came of it as a reply of the control protocol on standard output, and returns its exit code.
//
// Runs as: maild-store.   May touch: the shards.   Never touches: the network, keys.

#include "daemon/config.hpp"

#include <string>

namespace maild::daemon {

// `which`: a shard's number, or "damaged" for those that need it.
int rebuild_shards(const Config& config, const std::string& which);

} // namespace maild::daemon
