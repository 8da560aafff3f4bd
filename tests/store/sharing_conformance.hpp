#pragma once
// The suite's cases about several accounts (conformance_acl_test.cpp), for subjects that have the
// shards 1 and 2, if they have any.

#include "store/conformance.hpp"

namespace maild::store::test {

class SharingConformance : public StoreConformance {};

} // namespace maild::store::test
