#pragma once
// What `mailctl domain …` says of DKIM keys in more than one command.

#include "maild/directory/dkim_rotation.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <vector>

namespace maild::daemon {

// A new RSA key and a new Ed25519 key: not every verifier knows the second (RFC 8463 §5).
std::vector<directory::NewDkimKey> both_kinds();
// To publish them: rows of name, type and value, and lines of a zone file.
void add_dkim_records(boost::json::array& records, std::string& text,
                      const std::vector<directory::DkimKey>& keys);

} // namespace maild::daemon
