#pragma once
// How a report (dsn.hpp) travels: as any mail does, from nobody and to be answered by nobody (RFC
// 3461 §6.1). Pure.

#include "maild/delivery/dsn.hpp"
#include "maild/delivery/local.hpp"

#include <string_view>

namespace maild::delivery {

// A reverse-path that is a mailbox here, or another host's. What else it is, no report can reach.
bool can_be_told(const directory::Resolution& reverse_path);

// `bytes`: the report as format_dsn() has written it; `reverse_path`: what dsn.to leads to.
Transaction report_transaction(const Dsn& dsn, std::string_view bytes,
                               directory::Resolution reverse_path);

// Right::deliver of the first mailbox that the address leads to.
std::optional<auth::Token> first_grant(const directory::Resolution& resolution);

} // namespace maild::delivery
