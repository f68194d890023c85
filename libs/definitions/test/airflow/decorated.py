from airflow.decorators import dag, task, task_group
from datetime import timedelta


@dag(dag_id="decorated", schedule=timedelta(days=1, hours=12))
def pipeline():
    @task.branch
    def which():
        return ["left"]

    @task.short_circuit(task_id="gate")
    def gate_open():
        return False

    @task.virtualenv(requirements=["pandas==2"])
    def left(x):
        return x

    @task.bash
    def command():
        return "echo hi"

    @task_group
    def pair(n):
        return left(n)

    w = which()
    g = gate_open()
    l = left(1)
    again = left.override(task_id="again", retries=2)(l)
    many = left.partial(y=2).expand(x=[1, 2])
    w >> l
    g >> many
    command()
    pair(3)
    again >> many


pipeline()
