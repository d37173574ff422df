# The shell recipe that everyone knows, two reports at a time: each line of the file "recipe" is the name of what is made,
# the notebook, and papermill's parameters.
xargs -P 2 -L 1 sh -c 'made=$1; notebook=$2; shift 2
"$0" -m papermill --no-progress-bar "$notebook" "$made.ipynb" "$@" >"$made.log" 2>&1 &&
"$0" -m nbconvert --to html "$made.ipynb" >>"$made.log" 2>&1' "$PYTHON" <recipe
