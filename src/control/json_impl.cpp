// Boost.JSON compiled once, header-only, so that no further library is linked.
#include <boost/json/src.hpp>
