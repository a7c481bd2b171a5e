# A shell inside a server talks to the server's own cluster.
if [ -r /run/vcluster/super-admin.conf ]; then
	export KUBECONFIG=/run/vcluster/super-admin.conf
fi
