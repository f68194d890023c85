from airflow import DAG
from airflow.models.baseoperator import chain, cross_downstream
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup

with DAG("groups", schedule="@weekly") as dag:
    start = EmptyOperator(task_id="start")
    with TaskGroup("load", tooltip="Loads all") as load:
        one = BashOperator(task_id="one", bash_command="echo 1")
        two = BashOperator(task_id="two", bash_command="echo 2")
        with TaskGroup(group_id="inner") as inner:
            three = BashOperator(task_id="three", bash_command="echo 3")
        one >> two
    a = EmptyOperator(task_id="a")
    b = EmptyOperator(task_id="b")
    c = EmptyOperator(task_id="c")
    d = EmptyOperator(task_id="d")
    start >> Label("go") >> load >> a
    cross_downstream([a], [b, c])
    chain([b, c], d)
