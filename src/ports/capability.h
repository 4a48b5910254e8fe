/* ports/capability.h: what a caller may ask an adapter about itself. Part of an adapter's constant
 * operations table. */
#ifndef Q_PORTS_CAPABILITY_H
#define Q_PORTS_CAPABILITY_H

enum q_capability {
	Q_CAP_INLINE = 1 << 0,	   /* point reads take under 200 us: they may run in an HTTP loop */
	Q_CAP_IN_PROCESS = 1 << 1, /* nothing given to it leaves this process */
	Q_CAP_SERVES_LINKS =
		1 << 2, /* presigned links are paths of this program, not of another server */
	Q_CAP_TENANT_STATISTICS = 1 << 3 /* a search is scored from its scope's documents alone */
};

#endif
