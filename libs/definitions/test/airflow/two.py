from airflow import DAG
from airflow.operators.empty import EmptyOperator
with DAG("one", schedule="@monthly") as one: EmptyOperator(task_id="only")
with DAG("two", schedule="*/5 * * * *") as two:
    a = EmptyOperator(
        task_id="a",
        # a comment, with a "quote"
        doc_md="""Some *words*""",
    )
    b = \
        EmptyOperator(task_id="b")
    a >> b
with DAG("three", schedule=my_timetable()) as three:
    EmptyOperator(task_id="c")
with DAG("four") as four:
    pass
