#pragma once
// libunbound's context, set up as DnsOptions say. All of libunbound's C interface stands in
// dns_context.cpp and dns_resolver.cpp.

#include "maild/base/error.hpp"
#include "maild/net/dns_resolver.hpp"

#include <memory>
#include <unbound.h>

namespace maild::net {

struct DnsContextDeleter {
    void operator()(ub_ctx* context) const { ub_ctx_delete(context); } // ends its thread
};
using DnsContext = std::unique_ptr<ub_ctx, DnsContextDeleter>;

Result<DnsContext> make_dns_context(const DnsOptions& options);

} // namespace maild::net
