#pragma once
// What the checks found, as results of Authentication-Results (RFC 8601 §2.7, with the properties
// of the IANA registry "Email Authentication Property Types"), ready to be written.

#include "maild/policy/arc.hpp"
#include "maild/policy/authres.hpp"
#include "maild/policy/dkim.hpp"
#include "maild/policy/dmarc.hpp"
#include "maild/policy/iprev.hpp"
#include "maild/policy/spf.hpp"

namespace maild::policy {

MethodResult result_of(const spf::Report& report);
MethodResult result_of(const dkim::Verdict& verdict);
MethodResult result_of(const dmarc::Verdict& verdict);
MethodResult result_of(const arc::Verdict& verdict);
MethodResult result_of(const iprev::Verdict& verdict);

} // namespace maild::policy
